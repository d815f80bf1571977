import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCheckpoint, signCheckpoint } from '../../src/audit/checkpoint.ts'
import { EMPTY_ROOT, leafHash } from '../../src/audit/merkle.ts'
import { encodeVkey, openNote, parseVkey, signNote, vkeyOf } from '../../src/audit/note.ts'

const vector = JSON.parse(readFileSync(new URL('../vectors/c2sp-signed-note.json', import.meta.url), 'utf8')) as {
  readonly vkey: string
  readonly text: string
  readonly signature: string
}
const key = { name: 'log.example/treasury', privateKey: new Uint8Array(32).fill(7) }
const vkey = vkeyOf(key)
const published = `${vector.text}\n— example.com/foo ${vector.signature}\n`

describe('the published note of C2SP signed-note', () => {
  it('opens with its verifier key, which is read and written back the same', () => {
    expect(openNote(published, [vector.vkey])).toEqual({ text: vector.text, signedBy: [vector.vkey] })
    expect(encodeVkey(parseVkey(vector.vkey))).toBe(vector.vkey)
  })

  it('is refused with any byte of its text changed', () => {
    for (let i = 0; i < vector.text.length - 1; i++) {
      const changed = vector.text.slice(0, i) + (vector.text[i] === 'x' ? 'y' : 'x') + vector.text.slice(i + 1)
      expect(() => openNote(published.replace(vector.text, changed), [vector.vkey])).toThrowWithCode(
        'CHECKPOINT_INVALID',
      )
    }
  })
})

describe('a note signed here', () => {
  const note = signNote('hello\nworld\n', key)

  it('opens here, deterministic and named', () => {
    expect(openNote(note, [vkey])).toEqual({ text: 'hello\nworld\n', signedBy: [vkey] })
    expect(signNote('hello\nworld\n', key)).toBe(note)
  })

  it('opens with any text that has no control characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (body) => {
        const text = `${[...body].map((char) => (char < ' ' ? '\n' : char)).join('')}\n`
        expect(openNote(signNote(text, key), [vkey]).text).toBe(text)
      }),
    )
  })

  it('opens when unknown keys signed too, and counts each known key once', () => {
    const line = note.split('\n\n')[1] as string
    const other = signNote('hello\nworld\n', { name: 'witness', privateKey: new Uint8Array(32).fill(9) }).split(
      '\n\n',
    )[1] as string
    expect(openNote(`hello\nworld\n\n${other}${line}${line}`, [vkey]).signedBy).toEqual([vkey])
  })

  it.each([
    ['no known key', note, [vector.vkey]],
    ['no keys at all', note, []],
    ['no blank line', note.replace('\n\n', '\n'), [vkey]],
    ['no final newline', note.slice(0, -1), [vkey]],
    ['text behind the signature', `${note}more\n`, [vkey]],
    ['a hyphen in place of the dash', note.replace('—', '-'), [vkey]],
    ['a carriage return', note.replace('hello\n', 'hello\r\n'), [vkey]],
    ['a control character', note.replace('hello', 'hel\u0007o'), [vkey]],
    ['base64 without padding', note.replace('==\n', '\n').replace('=\n', '\n'), [vkey]],
    ['a signature that is cut', note.replace(/ \S+\n$/, ' AAAAAAAA\n'), [vkey]],
    ['101 signatures', `hello\nworld\n\n${(note.split('\n\n')[1] as string).repeat(101)}`, [vkey]],
    ['nothing', '', [vkey]],
  ])('is refused with %s', (_what, text, keys) => {
    expect(() => openNote(text, keys)).toThrowWithCode('CHECKPOINT_INVALID')
  })

  it('is refused when a known key failed, even if another known key signed rightly', () => {
    const line = note.split('\n\n')[1] as string
    const [, name, sig] = line.trim().split(' ') as [string, string, string]
    const bytes = Buffer.from(sig, 'base64')
    bytes[20] = (bytes[20] as number) ^ 1
    const bad = `— ${name} ${bytes.toString('base64')}\n`
    expect(() => openNote(`hello\nworld\n\n${line}${bad}`, [vkey])).toThrowWithCode('CHECKPOINT_INVALID')
  })

  it('is not made of a text without final newline, with control characters, or half a surrogate pair', () => {
    for (const text of ['', 'x', 'a\tb\n', 'a\rb\n', '\ud800\n']) {
      expect(() => signNote(text, key)).toThrowWithCode('CHECKPOINT_INVALID')
    }
  })
})

describe('keys of notes', () => {
  it.each([
    ['another key id', vkey.replace(/\+[0-9a-f]{8}\+/, '+00000000+')],
    ['another name', vkey.replace('log', 'gol')],
    ['another type', vkey.replace('+A', '+B')],
    ['a key that is cut', vkey.slice(0, -4)],
    ['no name', vkey.slice(key.name.length)],
    ['spaces', ` ${vkey}`],
  ])('are refused with %s', (_what, text) => {
    expect(() => parseVkey(text)).toThrowWithCode('FIELD_INVALID')
  })

  it.each(['', 'a b', 'a+b', 'a\nb'])('are refused with the name "%s"', (name) => {
    expect(() => vkeyOf({ ...key, name })).toThrowWithCode('FIELD_INVALID')
  })

  it('are refused with a seed of another length, and the error does not show it', () => {
    const privateKey = new Uint8Array(31).fill(0xab)
    expect(() => vkeyOf({ ...key, privateKey })).toThrowWithCode('FIELD_INVALID')
    expect(() => vkeyOf({ ...key, privateKey })).not.toThrow(/abab|171/)
  })
})

describe('a checkpoint', () => {
  const head = { size: 42, root: leafHash(Buffer.from('any')) }
  const origin = 'log.example/treasury'
  const checkpoint = signCheckpoint(origin, head, key)
  const rootLine = checkpoint.split('\n')[2] as string

  it('is read back as it was signed', () => {
    expect(parseCheckpoint(checkpoint, vkey)).toEqual({ origin, head })
    expect(parseCheckpoint(signCheckpoint(origin, { size: 0, root: EMPTY_ROOT }, key), vkey).head.size).toBe(0)
  })

  it.each([
    ['a leading zero', `${origin}\n042\n${rootLine}\n`],
    ['a sign', `${origin}\n+42\n${rootLine}\n`],
    ['a size above 2^53', `${origin}\n9007199254740993\n${rootLine}\n`],
    ['a root without padding', `${origin}\n42\n${rootLine.replace('=', '')}\n`],
    ['a root in hexadecimal', `${origin}\n42\n${head.root.slice(2)}\n`],
    ['a root of 31 bytes', `${origin}\n42\n${Buffer.alloc(31).toString('base64')}\n`],
    [
      'spare bits in the last character of its root',
      `${origin}\n42\n${Buffer.alloc(32).toString('base64').replace('A=', 'B=')}\n`,
    ],
    ['an extension line', `${origin}\n42\n${rootLine}\nmore\n`],
    ['a missing line', `${origin}\n42\n`],
    ['an empty origin', `\n42\n${rootLine}\n`],
    ['a root of an empty log that is another', `${origin}\n0\n${rootLine}\n`],
  ])('rightly signed is refused with %s', (_what, text) => {
    expect(() => parseCheckpoint(signNote(text, key), vkey)).toThrowWithCode('CHECKPOINT_INVALID')
  })

  it('G6 by another key is refused', () => {
    const forged = signCheckpoint(origin, head, { name: key.name, privateKey: new Uint8Array(32).fill(8) })
    expect(() => parseCheckpoint(forged, vkey)).toThrowWithCode('CHECKPOINT_INVALID')
  })

  it('G6 with any one bit changed is refused', () => {
    const bytes = Buffer.from(checkpoint)
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
        const changed = Buffer.from(bytes)
        changed[at] = (changed[at] as number) ^ (1 << bit)
        expect(() => parseCheckpoint(changed.toString(), vkey)).toThrowWithCode('CHECKPOINT_INVALID')
      }),
    )
  })

  it.each([
    ['an origin of two lines', 'a\nb', head],
    ['no origin', '', head],
    ['a negative size', origin, { ...head, size: -1 }],
    ['a root that is no hash', origin, { ...head, root: '0x00' as const }],
  ])('is not signed with %s', (_what, name, wrong) => {
    expect(() => signCheckpoint(name, wrong, key)).toThrowWithCode('FIELD_INVALID')
  })
})
