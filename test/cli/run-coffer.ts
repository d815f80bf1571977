import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const mainFile = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** What one run of the real program left behind. */
export interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly home: string
  readonly env?: NodeJS.ProcessEnv
  /** Handed to the program as its stdin, which is never a terminal here. */
  readonly input?: string
  /** Put before the program by `sh -c`, such as a limit of the shell. */
  readonly shell?: string
}

/** Runs Coffer as its own process, as a person's shell would. */
export function runCoffer(args: readonly string[], options: RunOptions): Promise<Ran> {
  const [file, argv] =
    options.shell === undefined
      ? [process.execPath, [mainFile, ...args]]
      : ['sh', ['-c', `${options.shell}; exec "$0" "$@"`, process.execPath, mainFile, ...args]]
  const { NODE_OPTIONS: _inherited, ...inherited } = process.env
  const child = spawn(file, argv, {
    env: { ...inherited, COFFER_HOME: options.home, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  child.stdin.end(options.input ?? '')
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) => resolve({ status, stdout, stderr }))
  })
}

/** The one JSON document of a run with `--json`; anything beside it on stdout fails here. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any, @typescript-eslint/no-unnecessary-type-parameters -- what comes is what the test asserts
export function documentOf<T = any>(ran: Ran): T {
  if (!/^[[{]/.test(ran.stdout) || !ran.stdout.endsWith('\n')) {
    throw new Error(
      `expected one JSON document on stdout, got "${ran.stdout.slice(0, 400)}"; stderr: "${ran.stderr.slice(0, 400)}"`,
    )
  }
  return JSON.parse(ran.stdout) as T
}

/** Lines that are too wide for a terminal of 80 columns, without those that hold one word which cannot be broken. */
export function wideLines(text: string): readonly string[] {
  return text
    .split('\n')
    .filter(
      (line) =>
        [...line].length > 80 &&
        !line.split(/\s+/).some((word) => word.length >= 40) &&
        !/^\s*(?:coffer|kill|export) /.test(line),
    )
}
