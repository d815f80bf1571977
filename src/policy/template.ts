import { CustodyError, excerpt } from '../errors.ts'
import { parsePolicy } from './document.ts'
import { smallTeam, type TemplateValues } from './templates/small-team.ts'

export type { TemplateValues } from './templates/small-team.ts'

const TEMPLATES: ReadonlyMap<string, (values: TemplateValues) => string> = new Map([['small-team', smallTeam]])

export const TEMPLATE_NAMES: readonly string[] = [...TEMPLATES.keys()]

/**
 * The text of a first policy, with comments, for `coffer init --template`. Parsed before it is handed out, so
 * that no value can break out of its place in the text unseen.
 * @throws NOT_FOUND for another name; POLICY_INVALID when a value does not fit
 */
export function policyTemplate(name: string, values: TemplateValues): string {
  const template = TEMPLATES.get(name)
  if (template === undefined)
    throw new CustodyError('NOT_FOUND', `Expected a template (${TEMPLATE_NAMES.join(', ')}), got "${excerpt(name)}".`)
  const text = template(values)
  parsePolicy(text)
  return text
}
