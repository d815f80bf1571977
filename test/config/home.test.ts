import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { homeDirectory } from '../../src/config/home-directory.ts'
import { createHomeDirectory, homePaths, readHome, type RootOfTrust, writeHome } from '../../src/config/home.ts'

const root: RootOfTrust = {
  homeId: `0x${'ab'.repeat(32)}`,
  admins: ['0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'],
  threshold: 1,
  logKey: 'coffer.log/ab+00000000+AAAA',
  origin: 'coffer.log/ab',
}

function directory(): string {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-home-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'home')
}

function home(): string {
  const at = directory()
  writeHome(createHomeDirectory(at), root, false)
  return at
}

describe('when the home directory is chosen', () => {
  it('takes the flag before the environment before the default', () => {
    expect(homeDirectory('/a', { COFFER_HOME: '/b' })).toBe('/a')
    expect(homeDirectory(undefined, { COFFER_HOME: 'b' })).toBe(resolve('b'))
    expect(homeDirectory(undefined, {})).toBe(join(homedir(), '.coffer'))
  })
})

describe('when a home is written', () => {
  it('reads back what was pinned', () => {
    const at = home()
    expect(readHome(at)).toEqual({ directory: at, demo: false, root, paths: homePaths(at) })
  })

  it('lets nobody else in and pins the root read-only', () => {
    const at = home()
    for (const name of readdirSync(at).filter((each) => statSync(join(at, each)).isDirectory()))
      expect(statSync(join(at, name)).mode & 0o777).toBe(0o700)
    expect(statSync(at).mode & 0o777).toBe(0o700)
    expect(statSync(join(at, 'root.json')).mode & 0o777).toBe(0o400)
    expect(statSync(join(at, 'home.json')).mode & 0o777).toBe(0o600)
  })

  it('refuses a second one with HOME_EXISTS', () => {
    const at = home()
    expect(() => createHomeDirectory(at)).toThrowWithCode('HOME_EXISTS')
  })

  it.each(['log.key', 'root.json', 'coffer.db'])('refuses to go on from an interrupted one that left %s', (name) => {
    const at = directory()
    const paths = createHomeDirectory(at)
    writeFileSync(join(at, name), 'left')
    expect(() => createHomeDirectory(at)).toThrowWithCode('HOME_EXISTS')
    expect(readFileSync(join(at, name), 'utf8')).toBe('left')
    expect(existsSync(paths.marker)).toBe(false)
  })

  it('says STORE_FAULT where a file stands in the way', () => {
    const at = directory()
    writeFileSync(at, '')
    expect(() => createHomeDirectory(join(at, 'home'))).toThrowWithCode('STORE_FAULT')
  })
})

describe('when a home is not as it was written', () => {
  it.each([
    ['no marker', 'home.json', null, 'HOME_MISSING'],
    ['a marker that is no JSON', 'home.json', 'coffer', 'HOME_TAMPERED'],
    [
      'a marker with the same key twice',
      'home.json',
      '{"format":"coffer-home","version":1,"demo":true,"demo":false}',
      'HOME_TAMPERED',
    ],
    [
      'a marker with an unknown field',
      'home.json',
      '{"format":"coffer-home","version":1,"demo":false,"server":true}',
      'HOME_TAMPERED',
    ],
    ['a marker of something else', 'home.json', '{"format":"other","version":2}', 'HOME_TAMPERED'],
    [
      'the marker of a later version',
      'home.json',
      '{"format":"coffer-home","version":2,"server":true}',
      'HOME_VERSION',
    ],
    ['no root', 'root.json', null, 'HOME_TAMPERED'],
    ['a root without admins', 'root.json', JSON.stringify({ ...root, admins: [] }), 'HOME_TAMPERED'],
    ['a root with an unknown field', 'root.json', JSON.stringify({ ...root, owner: 'me' }), 'HOME_TAMPERED'],
    ['a root with a threshold of 0', 'root.json', JSON.stringify({ ...root, threshold: 0 }), 'HOME_TAMPERED'],
  ] as const)('refuses %s', (_, name, content, code) => {
    const at = home()
    chmodSync(join(at, name), 0o600)
    if (content === null) rmSync(join(at, name))
    else writeFileSync(join(at, name), content)
    expect(() => readHome(at)).toThrowWithCode(code)
  })
})
