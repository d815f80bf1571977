import { describeError, toCustodyError } from '../../src/service/local/fault.ts'
import { createOperations, type OperationName, type Params, type Result } from '../../src/service/operations.ts'

/**
 * Stands in for `service/local/client.ts` where a test runs many commands: the same operations behind the same
 * door, without a new process for each. What crosses the real process channel is copied here too.
 */
export function startSigner(directory: string, onProgress: (text: string) => void = () => {}) {
  const operations = createOperations(directory, onProgress)
  return {
    async call<N extends OperationName>(name: N, params: Params<N>): Promise<Result<N>> {
      try {
        return structuredClone(await operations.run(name, structuredClone(params)))
      } catch (error) {
        throw toCustodyError(structuredClone(describeError(error)))
      }
    },
    close: () => operations.close(),
  }
}
