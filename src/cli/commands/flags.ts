import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { CustodyError, excerpt } from '../../errors.ts'
import { parseWei } from '../../primitives/amount.ts'

export const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

/** @throws USAGE */
export function wholeNumber(text: string, flag: string): number {
  if (!/^(0|[1-9][0-9]{0,14})$/.test(text))
    throw new CustodyError('USAGE', `Expected ${flag} as a whole number, got "${excerpt(text, 30)}".`)
  return Number(text)
}

/** The text of a file that a person named. @throws FILE_UNREADABLE */
export function readText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new CustodyError(
      'FILE_UNREADABLE',
      `Could not read ${what} "${excerpt(path)}": ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}.`,
    )
  }
}

export interface CapFlags {
  readonly gasCeiling?: string
  readonly maxFee?: string
  readonly maxTip?: string
  readonly maxCost?: string
}

/** Flags that may only lower what the policy caps. */
export function withCapFlags(made: Command): Command {
  return made
    .option('--gas-ceiling <gas>', 'lower the gas ceiling of the policy for this transaction')
    .option('--max-fee <amount>', 'lower the cap of the fee per gas, such as "30 gwei"')
    .option('--max-tip <amount>', 'lower the cap of the tip per gas, such as "2 gwei"')
    .option('--max-cost <amount>', 'lower the cap of the worst-case cost, such as "0.01 ETH"')
}

export function capsOf(flags: CapFlags) {
  return {
    ...(flags.gasCeiling !== undefined && { gasCeiling: BigInt(wholeNumber(flags.gasCeiling, '--gas-ceiling')) }),
    ...(flags.maxFee !== undefined && { maxFeePerGas: parseWei(flags.maxFee, '--max-fee') }),
    ...(flags.maxTip !== undefined && { maxPriorityFeePerGas: parseWei(flags.maxTip, '--max-tip') }),
    ...(flags.maxCost !== undefined && { maxCostPerTransaction: parseWei(flags.maxCost, '--max-cost') }),
  }
}
