/** Who may import what. The house is described in docs/architecture.md. */
const ours =
  '^(bin|cli|contracts|lib|lambdas|device-client|durable-queue|edge-nucleus|greengrass-components|local-cloud|console)/';
const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from, pathNot: '\\.test\\.ts$' },
  to: { path: ours, pathNot: allowed },
});

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    only('contracts-stand-alone', '^contracts/', '^contracts/', 'contracts import only zod'),
    only('bin-to-lib-and-cli', '^bin/', '^(bin|lib|cli)/'),
    only('lib-to-contracts', '^lib/', '^(lib|contracts)/', 'stacks reach lambdas by entry path only'),
    only('lambdas-to-contracts', '^lambdas/', '^(lambdas|contracts)/'),
    {
      name: 'lambdas-apart',
      comment: 'one function never imports another',
      severity: 'error',
      from: { path: '^lambdas/([^/]+)/' },
      to: { path: '^lambdas/', pathNot: '^lambdas/($1|shared)/' },
    },
    {
      name: 'lambdas-without-cdk',
      severity: 'error',
      from: { path: '^lambdas/' },
      to: { path: 'node_modules/(aws-cdk-lib|constructs)/' },
    },
    only('durable-queue-alone', '^durable-queue/', '^durable-queue/', 'the queue knows nothing of what it carries'),
    only('device-to-contracts', '^device-client/', '^(device-client|contracts|durable-queue)/'),
    only(
      'edge-to-contracts',
      '^greengrass-components/(?!.*/testing/)',
      '^(greengrass-components|contracts|durable-queue)/',
      'components are built from nothing else; their tests run them on the nucleus',
    ),
    {
      name: 'components-apart',
      comment: 'one component never imports another; training and tests use the simulated plant',
      severity: 'error',
      from: { path: '^greengrass-components/([^/]+)/', pathNot: '(\\.test\\.ts$|/(testing|training)/)' },
      to: { path: '^greengrass-components/', pathNot: '^greengrass-components/($1|shared)/' },
    },
    only(
      'nucleus-to-entry-points',
      '^edge-nucleus/',
      '^(edge-nucleus|contracts|device-client/src/index\\.ts$)',
      'the nucleus runs components from their recipes and artifacts, never from their sources',
    ),
    only(
      'cli-to-entry-points',
      '^cli/',
      '^(cli|contracts|(local-cloud|device-client|edge-nucleus)/src/(index|main)\\.ts$|greengrass-components/(build|simulated-plant/src)/index\\.ts$)',
    ),
    only(
      'local-cloud-alone',
      '^local-cloud/',
      '^(local-cloud|contracts)/',
      'the local cloud reads templates and bundles, never lib or lambdas',
    ),
    {
      name: 'services-apart',
      comment: 'services meet through ports in core',
      severity: 'error',
      from: { path: '^local-cloud/src/services/([^/]+)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^local-cloud/src/(services/(?!$1/)|broker/|template/)' },
    },
    {
      name: 'core-imports-no-service',
      severity: 'error',
      from: { path: '^local-cloud/src/core/', pathNot: '\\.test\\.ts$' },
      to: { path: '^local-cloud/src/(services|broker|rules|template)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(cdk\\.out|\\.fleetwright)/' },
    parser: 'swc',
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.mjs', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
