import { CustodyError } from '../errors.ts'

/** A place in the document, such as `rules[2].asset`. */
export function path(parts: readonly (string | number | symbol)[]): string {
  let text = ''
  for (const part of parts) {
    if (typeof part === 'number') text += `[${part}]`
    else text += text === '' ? String(part) : `.${String(part)}`
  }
  return text === '' ? 'the document' : text
}

/** The refusal of a policy document; always names the place. */
export function invalid(where: string, message: string, cause?: unknown): CustodyError {
  return new CustodyError('POLICY_INVALID', `Policy, ${where}: ${message}`, {
    details: { path: where },
    ...(cause !== undefined && { cause }),
  })
}

/** Runs a parser of a primitive and turns its refusal into one that names the place in the document. */
export function at<T>(where: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (error instanceof CustodyError && error.code !== 'POLICY_INVALID') throw invalid(where, error.message, error)
    throw error
  }
}
