import { CustodyError, excerpt } from '../errors.ts'

/**
 * Reads a decimal amount exactly into base units. `12500.00` with 6 decimals is `12500000000n`.
 * No sign, no exponent, no separators, no rounding.
 * @throws AMOUNT_INVALID, AMOUNT_TOO_PRECISE
 */
export function parseAmount(text: unknown, decimals: number, what = 'amount'): bigint {
  if (typeof text !== 'string' || !/^(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/.test(text) || text.length > 100) {
    throw new CustodyError(
      'AMOUNT_INVALID',
      `Expected ${what} as a plain decimal such as 12500.00, got "${excerpt(String(text))}".`,
    )
  }
  const [whole = '0', fraction = ''] = text.split('.')
  if (fraction.length > decimals) {
    throw new CustodyError(
      'AMOUNT_TOO_PRECISE',
      `Expected ${what} with at most ${decimals} decimals, got ${fraction.length} in "${text}".`,
    )
  }
  const units = BigInt(whole + fraction.padEnd(decimals, '0'))
  if (units >= 1n << 256n) throw new CustodyError('AMOUNT_INVALID', `Expected ${what} below 2^256 base units.`)
  return units
}

/** The exact decimal text of base units; at least two decimals where the asset has them, thousands separated. */
export function formatAmount(units: bigint, decimals: number): string {
  const plain = formatAmountPlain(units, decimals)
  const [whole = '0', fraction = ''] = plain.split('.')
  const grouped = whole.replace(/\B(?=(?:\d{3})+(?!\d))/g, ',')
  const shown = fraction.padEnd(Math.min(2, decimals), '0')
  return shown === '' ? grouped : `${grouped}.${shown}`
}

/** The shortest exact decimal text of base units; `parseAmount` reads it back. */
export function formatAmountPlain(units: bigint, decimals: number): string {
  const sign = units < 0n ? '-' : ''
  const digits = (units < 0n ? -units : units).toString().padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  const fraction = decimals === 0 ? '' : digits.slice(-decimals).replace(/0+$/, '')
  return sign + (fraction === '' ? whole : `${whole}.${fraction}`)
}

const UNITS = { wei: 0, gwei: 9, eth: 18 } as const

/** Reads `30 gwei`, `0.05 ETH` or `1 wei` into wei. The unit must be written. @throws AMOUNT_INVALID, AMOUNT_TOO_PRECISE */
export function parseWei(text: unknown, what = 'amount'): bigint {
  const match = typeof text === 'string' ? /^(\S+) (wei|gwei|eth)$/i.exec(text) : null
  if (match === null) {
    throw new CustodyError(
      'AMOUNT_INVALID',
      `Expected ${what} with its unit, such as "30 gwei" or "0.05 ETH", got "${excerpt(String(text))}".`,
    )
  }
  return parseAmount(match[1], UNITS[(match[2] as string).toLowerCase() as keyof typeof UNITS], what)
}
