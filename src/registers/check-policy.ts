import { parsePolicy } from '../policy/document.ts'
import { policyTemplate, type TemplateValues } from '../policy/template.ts'

/** What a policy document says, or what is wrong with it. @throws POLICY_INVALID */
export function checkPolicy(document: string) {
  const { name, version, hash, rules } = parsePolicy(document)
  return { name, version, hash, rules: rules.map(({ id, effect, subject }) => ({ id, effect, kind: subject.kind })) }
}

/** A first policy as text. @throws NOT_FOUND, POLICY_INVALID */
export function makePolicy(template: string, values: TemplateValues): { readonly document: string } {
  return { document: policyTemplate(template, values) }
}
