import { defineConfig, type ViteUserConfig } from 'vitest/config'

/** With `GRID_TEST_AT` set, the clock of each test file starts at that time. */
const clock = process.env['GRID_TEST_AT']
  ? ['--import', new URL('./moved-clock.ts', import.meta.url).href]
  : []

/** How every package is tested: from its sources, without a build. */
export function packageTests(overrides: ViteUserConfig['test'] = {}): ViteUserConfig {
  return defineConfig({
    resolve: { conditions: ['@grid/source'] },
    ssr: { resolve: { conditions: ['@grid/source'] } },
    test: {
      include: ['test/**/*.test.ts'],
      // Many times what they take alone on a machine: others may run on it as well.
      testTimeout: 300_000,
      hookTimeout: 300_000,
      // The second that is the default passes without a turn on a loaded machine.
      expect: { poll: { timeout: 60_000 } },
      execArgv: clock,
      ...overrides,
    },
  })
}
