import { CustodyError, excerpt } from '../errors.ts'

/** A name of a key, chain, treasury, principal or address-book entry. @throws NAME_INVALID */
export function parseName(text: unknown, what = 'name'): string {
  if (typeof text !== 'string' || !/^[a-z0-9][a-z0-9.-]{0,63}$/.test(text)) {
    throw new CustodyError(
      'NAME_INVALID',
      `Expected ${what} of lower-case letters, digits, dots and dashes, got "${excerpt(String(text))}".`,
    )
  }
  return text
}
