import { describe, expect, it } from 'vitest'
import { assertPassphrase } from '../../src/keys/passphrase.ts'

describe('when a passphrase is chosen', () => {
  it.each([
    'seven swans swim slowly south',
    'fifteen-letters',
    'ALL CAPITALS NO DIGITS',
    '918273645546372',
    'пятнадцать букв и более',
    '🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵🐔🐧🐦🐤🦆',
  ])('takes %j: length counts, composition does not', (words) => {
    expect(() => assertPassphrase(words)).not.toThrow()
  })

  it.each([
    ['nothing', ''],
    ['14 letters', 'fourteen-chars'],
    ['14 emoji, which are 28 code units', '🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵🐔🐧🐦🐤'],
    ['14 letters with accents written apart', 'e\u0301'.repeat(7) + 'abcdefg'],
    ['a famous one', 'correct horse battery staple'],
    ['a famous one in another dress', 'Correct-Horse_Battery!Staple'],
    ['one in full-width letters', 'ｐａｓｓｗｏｒｄｐａｓｓｗｏｒｄ'],
    ['one letter again and again', 'aaaaaaaaaaaaaaaa'],
    ['one word again and again', 'coffercoffercoff'],
    ['one word again and again, with blanks', 'abc abc abc abc abc'],
    ['the digits in order', '123456789012345'],
    ['the alphabet', 'abcdefghijklmnop'],
    ['the alphabet backwards', 'zyxwvutsrqponmlk'],
    ['the keyboard in order', 'qwertyuiopasdfghjkl'],
    ['only signs', '---------------'],
    ['the test mnemonic', 'test test test test test test test test test test test junk'],
  ])('refuses %s with PASSPHRASE_WEAK', (_, words) => {
    expect(() => assertPassphrase(words)).toThrowWithCode('PASSPHRASE_WEAK')
  })
})
