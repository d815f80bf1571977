import { afterAll, beforeAll, expect, it } from 'vitest'
import { startWorld, type World } from '../support/stage.ts'
let world: World
beforeAll(async () => { world = await startWorld() })
afterAll(() => world.close())
it('works', async () => {
  const t0 = performance.now()
  const lap = (what: string) => console.log(what, Math.round(performance.now() - t0))
  const home = await world.home(); lap('home')
  const t = await home.treasury(); lap('treasury')
  const p = await home.pay(t, '10.00'); lap('pay')
  await home.approve(p, 'alice'); lap('a1')
  await home.approve(p, 'bob'); lap('a2')
  const e = await home.execute(p); lap('exec')
  expect(e.success).toBe(true)
  const t2 = await home.treasury(); lap('treasury')
  const p2 = await home.pay(t2, '10.00'); lap('pay')
  await home.approve(p2, 'alice'); lap('a1')
  await home.approve(p2, 'bob'); lap('a2')
  await home.execute(p2); lap('exec')
})
