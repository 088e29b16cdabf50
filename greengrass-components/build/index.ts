export { type BuildOptions, type BuiltComponent, buildComponents } from './build-components.ts';
export { BuildError } from './component-folder.ts';
