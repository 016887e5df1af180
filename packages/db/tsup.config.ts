import { type LibraryBuild, libraryBuild } from '@grid/config/tsup'

const config: LibraryBuild = libraryBuild()
export default config
