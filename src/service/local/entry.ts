import { CustodyError } from '../../errors.ts'
import { runSigner } from './signer.ts'

const directory = process.argv[2]
if (directory === undefined) throw new CustodyError('USAGE', 'Expected the home directory.')
runSigner(directory)
