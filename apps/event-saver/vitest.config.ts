import { packageTests } from '@grid/config/vitest'

export default packageTests({
  globalSetup: '@grid/testing/global-setup',
  testTimeout: 120_000,
  // Each file runs a simulator and savers: side by side they would starve each other.
  fileParallelism: false,
})
