import type { Io } from '../../src/cli/io.ts'

export interface CapturedIo extends Io {
  readonly stdout: () => string
  readonly stderr: () => string
}

/** No terminal, or one at which `answers` are typed in order; a secret is asked for and never echoed. */
export function capturedIo(env: NodeJS.ProcessEnv, answers: readonly string[] | null = null): CapturedIo {
  let stdout = ''
  let stderr = ''
  const left = [...(answers ?? [])]
  const answer = async (question: string): Promise<string> => {
    stderr += question
    const next = left.shift()
    if (next === undefined) throw new Error(`nobody answers "${question}"`)
    return next
  }
  return {
    env,
    width: 80,
    interactive: answers !== null,
    out: (text) => void (stdout += text),
    err: (text) => void (stderr += text),
    ask: answer,
    askSecret: answer,
    stdout: () => stdout,
    stderr: () => stderr,
  }
}
