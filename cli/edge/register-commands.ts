import { type Command, Option } from 'commander';
import { DEFAULT_DATA_DIRECTORY } from '../project-root.ts';

const DEFAULT_CORE = 'EDGE-0001';
const DEFAULT_COMPONENTS = 'greengrass-components';

const dataDir = () => new Option('--data-dir <dir>', 'state of the local cloud').default(DEFAULT_DATA_DIRECTORY);
const each = (value: string, before: readonly string[] = []): string[] => [...before, value];

/** `fleetwright edge …`. What runs cores is loaded when they do. */
export function registerEdgeCommands(program: Command): void {
  const edge = program.command('edge').description('Greengrass cores on this machine');
  edge
    .command('run')
    .description('run a core with components until Ctrl-C: it provisions itself and goes on where it was')
    .argument(
      '[component...]',
      'components to deploy, such as edge-aggregator (default: what the cloud deploys; without an edge stack all, on the first run)',
    )
    .option('--core <serial>', 'serial number of the core', DEFAULT_CORE)
    .option('--components <dir>', 'directory of built components; may be repeated', each)
    .option('--site <name>', 'site of the core')
    .option('--device-type <name>', 'type of the core')
    .option('--stage <name>', 'project and stage, such as fleetwright-prod, where several are deployed')
    .addOption(new Option('--mqtt-port <n>', 'port of a proxy before the local cloud').argParser(Number))
    .option('--local', 'take no deployments of the cloud, where the edge stack is deployed')
    .option('--verbose', 'show everything that the nucleus logs')
    .addOption(dataDir())
    .action(async (names, options) => {
      const { edgeRun } = await import('../commands/edge-run.ts');
      await edgeRun(names, { ...options, components: options.components ?? [DEFAULT_COMPONENTS] });
    });
  edge
    .command('deploy')
    .description('deploy to a running core; exit code 1 unless all of it comes up')
    .argument('<document>', 'JSON file: {"components": {"<name>": {"version": "x.y.z", "configurationUpdate": {…}}}}')
    .option('--core <serial>', 'serial number of the core, where several run')
    .addOption(dataDir())
    .action(async (file, options) => (await import('../commands/edge-deploy.ts')).edgeDeploy(file, options));
  edge
    .command('list')
    .description('the components of a running core')
    .option('--core <serial>', 'serial number of the core, where several run')
    .option('--json', 'standard output is JSON, one object a component')
    .addOption(dataDir())
    .action(async (options) => (await import('../commands/edge-list.ts')).edgeList(options));
  edge
    .command('status')
    .description('what the cloud knows of its cores, or of one: health, components, deployments')
    .argument('[thing]', 'thing name of a core')
    .option('--json', 'standard output is JSON')
    .addOption(dataDir())
    .action(async (thing, options) => (await import('../commands/edge-status.ts')).edgeStatus(thing, options));
}
