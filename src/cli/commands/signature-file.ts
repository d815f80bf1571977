import { existsSync } from 'node:fs'
import { readText } from './flags.ts'

/** A signature given as hex, or as a file that holds the hex or a JSON document with a `signature` field. */
export function signatureFrom(value: string): string {
  if (/^0x/i.test(value) || !existsSync(value)) return value
  const text = readText(value, 'the signature').trim()
  if (!text.startsWith('{')) return text
  try {
    return String((JSON.parse(text) as { signature?: unknown }).signature)
  } catch {
    return text
  }
}
