/**
 * Writes src/chain/local/contracts.json: ABI and creation bytecode of the contracts that the local chain
 * of the demo and the tests deploy. The packed package has no compiler, so the result is kept in the tree.
 */
import { createHardhatRuntimeEnvironment } from 'hardhat/hre'
import config from '../../hardhat.config.ts'
import { writeOrCheck } from './generated-file.ts'

const CONTRACTS = ['TestToken', 'StorageTrojan', 'FalseToken', 'SilentToken', 'LyingToken', 'FeeToken'] as const
const OUTPUT = 'src/chain/local/contracts.json'

const root = new URL('../../', import.meta.url)
const hre = await createHardhatRuntimeEnvironment(config, {}, root.pathname)
await hre.tasks.getTask('build').run({ quiet: true, noTests: true })

const contracts: Record<string, { abi: unknown; bytecode: string }> = {}
for (const name of CONTRACTS) {
  const artifact = await hre.artifacts.readArtifact(name)
  contracts[name] = { abi: artifact.abi, bytecode: artifact.bytecode }
}
await writeOrCheck(new URL(OUTPUT, root), OUTPUT, `${JSON.stringify(contracts, null, 2)}\n`)
