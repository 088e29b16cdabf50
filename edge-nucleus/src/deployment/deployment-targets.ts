import * as z from 'zod';
import { NucleusError } from '../nucleus-error.ts';
import { readStateFile, writeStateFile } from '../state/state-file.ts';
import { LOCAL_TARGET, type PlannedDeployment } from './deployment-document.ts';
import type { Wish } from './resolve-components.ts';

const targetSchema = z.object({
  /** Version by name: the root components. */
  components: z.record(z.string(), z.string()),
  configurationArn: z.string().optional(),
  deploymentId: z.string().optional(),
  /** Of the deployment; ms */
  creationTimestamp: z.number().default(0),
});
const fileSchema = z.record(z.string(), targetSchema);

export type DeploymentTarget = z.infer<typeof targetSchema>;

/**
 * What each target's last deployment brought. A core runs "the combination of the software from the deployments that target the
 * device" (developer guide, `manage-deployments`): its thing, its thing groups, and this machine.
 */
export class DeploymentTargets {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** By target. @throws NucleusError `STATE_UNUSABLE` */
  all(): Readonly<Record<string, DeploymentTarget>> {
    const read = fileSchema.optional().safeParse(readStateFile(this.#file));
    if (!read.success) throw new NucleusError('STATE_UNUSABLE', `${this.#file} is no record of deployments`);
    return read.data ?? {};
  }

  /** Who wants which version of each root component, with this deployment and what the other targets have. */
  roots({ components, groups, target }: PlannedDeployment): Record<string, Wish[]> {
    const roots: Record<string, Wish[]> = {};
    const want = (name: string, by: string, range: string): void => {
      roots[name] = [...(roots[name] ?? []), { by, range }];
    };
    for (const [name, { version }] of Object.entries(components)) {
      want(name, target === LOCAL_TARGET ? 'the deployment' : target, version);
    }
    for (const [other, { components: versions }] of Object.entries(this.all())) {
      if (other === target || !isMember(other, groups)) continue;
      for (const [name, version] of Object.entries(versions)) want(name, other, version);
    }
    return roots;
  }

  /** A deployment is what its target has from now on; groups that the core has left are forgotten. */
  put(deployment: PlannedDeployment): void {
    const { components, configurationArn, creationTimestamp = 0, deploymentId, groups, target } = deployment;
    const before = Object.entries(this.all()).filter(([other]) => isMember(other, groups));
    const own: DeploymentTarget = {
      components: Object.fromEntries(Object.entries(components).map(([name, { version }]) => [name, version])),
      ...(configurationArn !== undefined && { configurationArn }),
      ...(deploymentId !== undefined && { deploymentId }),
      creationTimestamp,
    };
    writeStateFile(this.#file, { ...Object.fromEntries(before), [target]: own });
  }
}

/** @param groups undefined: those known stay */
function isMember(target: string, groups: readonly string[] | undefined): boolean {
  if (target === LOCAL_TARGET || target.startsWith('thing/')) return true;
  return groups === undefined || groups.includes(target);
}
