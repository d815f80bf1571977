import { approve } from './pipeline/approve.ts'
import { cancel } from './pipeline/cancel.ts'
import { execute } from './pipeline/execute.ts'
import { exportRequest, takeSignature } from './pipeline/external.ts'
import { exportThaw, freeze, unfreeze } from './pipeline/freeze.ts'
import type { Parts } from './pipeline/parts.ts'
import { propose } from './pipeline/propose.ts'
import { reject } from './pipeline/reject.ts'
import { list, show } from './pipeline/show.ts'

/**
 * The way of one transaction: request → build → review → policy → quorum → sign → broadcast, with the audit log
 * under every step. Each operation walks the stages in that order; none is reachable around them.
 */
export function createPipeline(parts: Parts) {
  return {
    propose: bind(parts, propose),
    show: bind(parts, show),
    list: bind(parts, list),
    approve: bind(parts, approve),
    exportRequest: bind(parts, exportRequest),
    takeSignature: bind(parts, takeSignature),
    reject: bind(parts, reject),
    execute: bind(parts, execute),
    cancel: bind(parts, cancel),
    freeze: bind(parts, freeze),
    unfreeze: bind(parts, unfreeze),
    exportThaw: bind(parts, exportThaw),
  }
}

export type Pipeline = ReturnType<typeof createPipeline>

function bind<A extends readonly unknown[], R>(
  parts: Parts,
  operation: (parts: Parts, ...rest: A) => R,
): (...rest: A) => R {
  return (...rest) => operation(parts, ...rest)
}
