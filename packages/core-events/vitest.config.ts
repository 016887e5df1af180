import { packageTests } from '@grid/config/vitest'
import type { ViteUserConfig } from 'vitest/config'

const config: ViteUserConfig = packageTests()
export default config
