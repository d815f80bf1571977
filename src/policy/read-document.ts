import { isAlias, isCollection, isNode, isScalar, parseDocument, visit } from 'yaml'
import { CustodyError, excerpt } from '../errors.ts'
import { type Json, parseJson } from '../primitives/json.ts'
import { at, invalid } from './invalid.ts'

const MAX_BYTES = 4 * 1024 * 1024
const MAX_DEPTH = 16

/**
 * Reads the text of a policy, YAML 1.2 or JSON, into plain data. Everything that lets two readers see two
 * documents is refused: the same key twice, aliases, tags, directives, several documents, keys that are no text.
 * @throws POLICY_INVALID
 */
export function readDocument(text: string): Json {
  if (Buffer.byteLength(text) > MAX_BYTES)
    throw invalid('the document', `expected at most ${MAX_BYTES} bytes, got ${Buffer.byteLength(text)}.`)
  if (text.trimStart().startsWith('{')) {
    // A flow mapping of YAML also starts with a brace; only text that is no JSON goes on to the YAML reader.
    const value = tryJson(text)
    if (value !== undefined) return value
  }
  try {
    return readYaml(text)
  } catch (error) {
    // The reader gives up on absurd nesting with a bare error of the language.
    throw error instanceof CustodyError
      ? error
      : invalid('the document', `expected YAML or JSON that can be read: ${excerpt(String(error))}.`, error)
  }
}

function tryJson(text: string): Json | undefined {
  try {
    JSON.parse(text)
  } catch {
    return undefined
  }
  const value = at('the document', () => parseJson(text, 'the policy')) as Json
  refuseDepth(value, 0)
  return value
}

function readYaml(text: string): Json {
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    strict: true,
    uniqueKeys: true,
    stringKeys: true,
    merge: false,
    prettyErrors: true,
  })
  const problem = document.errors[0] ?? document.warnings[0]
  if (problem !== undefined) {
    const line = problem.linePos?.[0].line
    throw invalid(
      line === undefined ? 'the document' : `line ${line}`,
      `expected YAML or JSON: ${excerpt(problem.message.split('\n')[0] as string, 160)}`,
    )
  }
  if (document.directives.yaml.explicit === true) throw invalid('the document', 'expected no %YAML directive.')
  visit(document, (_key, node) => {
    if (isAlias(node) || ((isScalar(node) || isCollection(node)) && node.anchor !== undefined)) {
      throw invalid('the document', 'expected no anchors or aliases (& and *); write the value out.')
    }
    if (isNode(node) && node.tag !== undefined)
      throw invalid('the document', `expected no tags, got ${excerpt(node.tag)}.`)
  })
  const value = document.toJS({ maxAliasCount: 0 }) as Json
  refuseDepth(value, 0)
  return value
}

function refuseDepth(value: Json, depth: number): void {
  if (value === null || typeof value !== 'object') return
  if (depth > MAX_DEPTH) throw invalid('the document', `expected at most ${MAX_DEPTH} levels.`)
  for (const item of Object.values(value)) refuseDepth(item, depth + 1)
}
