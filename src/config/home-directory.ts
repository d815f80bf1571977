import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** Where the home is: the flag, else COFFER_HOME, else `~/.coffer`. */
export function homeDirectory(flag: string | undefined, environment: NodeJS.ProcessEnv): string {
  return resolve(flag ?? environment['COFFER_HOME'] ?? join(homedir(), '.coffer'))
}
