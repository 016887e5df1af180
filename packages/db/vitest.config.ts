import { packageTests } from '@grid/config/vitest'
import type { ViteUserConfig } from 'vitest/config'

const config: ViteUserConfig = packageTests({
  globalSetup: ['@grid/testing/global-setup', './test/support/scratch-folder.ts'],
})
export default config
