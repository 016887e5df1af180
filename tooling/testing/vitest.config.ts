import { packageTests } from '@grid/config/vitest'

export default packageTests({ globalSetup: './src/global-setup.ts' })
