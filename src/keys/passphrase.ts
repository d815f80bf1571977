import { CustodyError } from '../errors.ts'
import type { Secret } from '../sign/signer.ts'

export const MIN_PASSPHRASE_LENGTH = 15

// Long enough to pass by length, and among the first that anybody tries. Compared without case, spaces and signs.
const known = new Set([
  'correcthorsebatterystaple',
  'passwordpassword',
  'password123456789',
  'passwordpassword1',
  'thisismypassword',
  'thisisapassword',
  'mypasswordispassword',
  'iloveyouiloveyou',
  'letmeinletmein',
  'qwertyuiopasdfgh',
  'qwertyuiopasdfghjkl',
  'qwertyuiopasdfghjklzxcvbnm',
  '1qaz2wsx3edc4rfv',
  '1q2w3e4r5t6y7u8i',
  '1q2w3e4r5t6y7u8i9o0p',
  'maytheforcebewithyou',
  'tobeornottobethatisthequestion',
  'thequickbrownfoxjumpsoverthelazydog',
  'testtesttesttesttesttesttesttesttesttesttestjunk',
  'changemechangeme',
  'administrator1234',
  'coffercoffercoffer',
])

const runs = [
  'abcdefghijklmnopqrstuvwxyz',
  '0123456789012345678901234567890123456789',
  '1234567890'.repeat(4),
  'qwertyuiopasdfghjklzxcvbnm',
]

/**
 * A passphrase that protects a key: at least 15 code points in NFC, and none of the obvious ones. There are
 * no rules of composition.
 * @throws PASSPHRASE_WEAK; the message never quotes the passphrase
 * @see NIST SP 800-63B-4 §3.1.1.2
 */
export function assertPassphrase(secret: Secret): void {
  const text = secret.normalize('NFC')
  if ([...text].length < MIN_PASSPHRASE_LENGTH) {
    throw new CustodyError(
      'PASSPHRASE_WEAK',
      `Expected a passphrase of at least ${MIN_PASSPHRASE_LENGTH} characters, got a shorter one.`,
    )
  }
  const bare = secret
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '')
  if (known.has(bare) || isRepetition(text) || isRepetition(bare) || isRun(bare)) {
    throw new CustodyError(
      'PASSPHRASE_WEAK',
      'Expected a passphrase that nobody would try first, got a well-known or repeating one.',
    )
  }
}

/** Whether the text is one piece of at most six characters again and again. */
function isRepetition(text: string): boolean {
  for (let size = 1; size <= Math.min(6, text.length / 2); size++) {
    if (
      text ===
      text
        .slice(0, size)
        .repeat(Math.ceil(text.length / size))
        .slice(0, text.length)
    )
      return true
  }
  return false
}

function isRun(text: string): boolean {
  if (text.length < 8) return false
  const backwards = [...text].reverse().join('')
  return runs.some((run) => run.includes(text) || run.includes(backwards))
}
