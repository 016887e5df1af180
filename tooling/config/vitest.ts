import { defineConfig, type ViteUserConfig } from 'vitest/config'

/** How every package is tested: from its sources, without a build. */
export function packageTests(overrides: ViteUserConfig['test'] = {}): ViteUserConfig {
  return defineConfig({
    resolve: { conditions: ['@grid/source'] },
    ssr: { resolve: { conditions: ['@grid/source'] } },
    test: {
      include: ['test/**/*.test.ts'],
      testTimeout: 30_000,
      hookTimeout: 60_000,
      ...overrides,
    },
  })
}
