import type { CloudCommand, CloudReport } from '../../local-cloud/src/main.ts';
import { bundledCloud } from './bundle-cloud.ts';
import { SteeredProcess } from './child-process.ts';

export type CloudProcess = SteeredProcess<CloudCommand, CloudReport>;

/** The local cloud in a process of its own, so that devices and display never share its event loop. */
export async function forkCloud(): Promise<CloudProcess> {
  return new SteeredProcess('the local cloud', await bundledCloud());
}
