import { join } from 'node:path';
import type { NucleusClock } from '../clock.ts';
import type { Deployer } from '../deployment/deployer.ts';
import type { DeploymentTargets } from '../deployment/deployment-targets.ts';
import type { PackageStore } from '../deployment/package-store.ts';
import { PROVIDED } from '../deployment/resolve-components.ts';
import type { ComponentState } from '../lifecycle/component-state.ts';
import type { NucleusLog } from '../log.ts';
import type { PlatformAttributes } from '../recipe/recipe.ts';
import type { CoreConnection } from './core-connection.ts';
import { CloudDeployments } from './deployments/cloud-deployments.ts';
import { FleetStatus, type StatusOfComponent } from './fleet-status.ts';
import { CloudOrigin } from './greengrass/cloud-origin.ts';
import type { GreengrassCloud } from './greengrass/greengrass-cloud.ts';
import type { ShadowClient } from './shadow-client.ts';

export interface CloudCorePorts {
  readonly root: string;
  readonly thingName: string;
  readonly cloud: GreengrassCloud;
  readonly connection: CoreConnection;
  readonly shadows: ShadowClient;
  readonly deployer: Deployer;
  readonly targets: DeploymentTargets;
  readonly packages: PackageStore;
  readonly platform: PlatformAttributes;
  readonly clock: NucleusClock;
  readonly log: NucleusLog;
  state(component: string): ComponentState | undefined;
}

const NUCLEUS = 'aws.greengrass.Nucleus';
const NUCLEUS_VERSION = PROVIDED[NUCLEUS] as string;

/** A core as the cloud has it: takes its deployments, and tells how they end and how its components are. */
export class CloudCore {
  readonly #ports: CloudCorePorts;
  readonly #deployments: CloudDeployments;
  readonly #status: FleetStatus;

  /** @throws NucleusError `STATE_UNUSABLE` */
  constructor(ports: CloudCorePorts) {
    const { clock, cloud, connection, deployer, log, packages, platform, root, targets, thingName } = ports;
    this.#ports = ports;
    const origin = new CloudOrigin({ cloud, packages, platform, directory: join(root, 'downloads'), clock, log });
    this.#status = new FleetStatus({
      connection,
      thingName,
      nucleusVersion: NUCLEUS_VERSION,
      platform,
      clock,
      log,
      file: join(root, 'fleet-status.json'),
      components: () => this.#components(),
      deploying: () => deployer.busy,
    });
    this.#deployments = new CloudDeployments({
      connection,
      thingName,
      clock,
      log,
      directory: root,
      cloud,
      shadows: ports.shadows,
      targets,
      nucleusVersion: NUCLEUS_VERSION,
      apply: async (plan, resumed, signal) => {
        const outcome = await deployer.applyFromCloud(plan, origin.of(signal), resumed, signal);
        await origin.clean();
        return outcome;
      },
      onEnd: (report, deploymentId) => this.#status.deploymentEnded(report, deploymentId),
    });
  }

  async start(): Promise<void> {
    this.#status.start();
    await this.#deployments.start();
  }

  async stop(): Promise<void> {
    this.#status.stop();
    await this.#deployments.stop();
  }

  changed(component: string): void {
    this.#status.changed(component);
  }

  removed(name: string, version: string): void {
    this.#status.removed({ name, version, state: 'FINISHED', isRoot: false, sources: [] });
  }

  localDeploymentEnded(deploymentId: string): void {
    this.#status.deploymentEnded(undefined, deploymentId);
  }

  #components(): StatusOfComponent[] {
    const { components, roots } = this.#ports.deployer.current;
    const sources = this.#sources();
    const own = [...components].flatMap(([name, { recipe }]): StatusOfComponent[] => {
      const state = this.#ports.state(name);
      if (state === undefined) return [];
      const isRoot = roots.includes(name);
      return [{ name, version: recipe.ComponentVersion, state, isRoot, sources: [...(sources.get(name) ?? [])] }];
    });
    const all = [...new Set([...sources.values()].flatMap((some) => [...some]))];
    const nucleus = {
      name: NUCLEUS,
      version: NUCLEUS_VERSION,
      state: 'FINISHED',
      isRoot: false,
      sources: all,
    } as const;
    return [...own, nucleus];
  }

  /** Which deployments brought each component: those that name it, or something that depends on it. */
  #sources(): Map<string, Set<string>> {
    const { components } = this.#ports.deployer.current;
    const sources = new Map<string, Set<string>>();
    for (const { components: named, configurationArn, deploymentId } of Object.values(this.#ports.targets.all())) {
      const source = configurationArn ?? deploymentId ?? '';
      const open = Object.keys(named);
      for (let name = open.pop(); name !== undefined; name = open.pop()) {
        const known = sources.get(name) ?? new Set();
        if (known.has(source)) continue;
        sources.set(name, known.add(source));
        open.push(...Object.keys(components.get(name)?.recipe.ComponentDependencies ?? {}));
      }
    }
    return sources;
  }
}
