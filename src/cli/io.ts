import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
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
    // The reader repeats every key on its output, so for a secret that leads nowhere.
    const output = echo ? process.stderr : new Writable({ write: (_chunk, _encoding, done) => done() })
    const reader = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 })
    let answer: string | null = null
    reader.once('SIGINT', () => reader.close())
    reader.once('line', (line) => {
      answer = line
      reader.close()
    })
    // Closing has to reach readline's own listeners too: a reader that stays would echo the next secret.
    reader.once('close', () => {
      if (!echo) process.stderr.write('\n')
      if (answer === null) reject(new CustodyError('INPUT_REQUIRED', 'The question was not answered.'))
      else resolve(answer)
    })
    if (echo) {
      reader.setPrompt(question)
      reader.prompt()
    } else process.stderr.write(question)
  })
}
