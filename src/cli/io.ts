import { createInterface } from 'node:readline'
import { CustodyError } from '../errors.ts'

/** The terminal, or what stands in for it. Programs and tests hand in their own. */
export interface Io {
  readonly env: NodeJS.ProcessEnv
  /** Columns to write to. */
  readonly width: number
  /** Whether a person can be asked. */
  readonly interactive: boolean
  out(text: string): void
  err(text: string): void
  /** Asks for a secret without echo. Only called when `interactive`. */
  askSecret(question: string): Promise<string>
  /** Asks for a line of text. Only called when `interactive`. */
  ask(question: string): Promise<string>
}

export function processIo(): Io {
  return {
    env: process.env,
    width: Math.min(process.stdout.isTTY ? process.stdout.columns : 80, 120),
    interactive: process.stdin.isTTY && process.stderr.isTTY,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    ask: (question) => readLine(question, true),
    askSecret: (question) => readLine(question, false),
  }
}

function readLine(question: string, echo: boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = createInterface({ input: process.stdin, output: process.stderr, terminal: true })
    const silent = reader as unknown as { _writeToOutput: (text: string) => void }
    process.stderr.write(question)
    if (!echo) silent._writeToOutput = () => {}
    reader.once('close', () => reject(new CustodyError('INPUT_REQUIRED', 'The question was not answered.')))
    reader.once('SIGINT', () => reader.close())
    reader.once('line', (line) => {
      reader.removeAllListeners('close')
      reader.close()
      if (!echo) process.stderr.write('\n')
      resolve(line)
    })
  })
}
