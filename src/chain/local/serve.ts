/**
 * The child process of the local chain: serves Hardhat's in-memory network on loopback, tells its parent
 * where, and ends with it. Started only by `startLocalChain`; holds nothing but the published development
 * keys.
 */
import { createHardhatRuntimeEnvironment } from 'hardhat/hre'

const port = Number(process.argv[2] ?? '0')
const detached = process.argv[3] === 'detached'

// The parent's end of the channel closes with the parent, however that ends (kill -9 included).
if (!detached) process.on('disconnect', () => process.exit(0))

const hre = await createHardhatRuntimeEnvironment(
  {
    networks: {
      local: { type: 'edr-simulated', chainType: 'l1', chainId: 31337, loggingEnabled: detached },
    },
  },
  {},
  // Hardhat wants a project; naming this package keeps it from reading the one it happens to be started in.
  import.meta.dirname,
)
const server = await hre.network.createServer('local', '127.0.0.1', port)
const { port: listening } = await server.listen()

process.send?.({ port: listening }, () => {
  if (detached) process.disconnect()
})
