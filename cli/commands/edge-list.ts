import type { ListedComponent } from '../../edge-nucleus/src/index.ts';
import { askCore, type EdgeOptions } from '../edge/ask.ts';
import { formatTable } from '../output/table.ts';

/** `fleetwright edge list`: the components of a running core. */
export async function edgeList(options: EdgeOptions & { readonly json?: boolean }): Promise<void> {
  const components = (await askCore(options, { command: 'list' })) as ListedComponent[];
  if (options.json === true) {
    process.stdout.write(components.map((component) => `${JSON.stringify(component)}\n`).join(''));
    return;
  }
  const rows = components.map(({ componentName, root, state, version }) => [
    componentName,
    version,
    state,
    root ? 'deployed' : 'dependency',
  ]);
  process.stdout.write(`${formatTable({ columns: ['component', 'version', 'state', 'because'], rows })}\n`);
}
