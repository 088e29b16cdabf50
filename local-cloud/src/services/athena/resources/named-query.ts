import type { ResourceProvider } from '../../../core/resources.ts';
import type { NamedQueries } from '../named-queries.ts';

interface NamedQueryProperties {
  readonly Name?: string;
  readonly Description?: string;
  readonly Database: string;
  readonly QueryString: string;
  readonly WorkGroup?: string;
}

/** CloudFormation template reference, "AWS::Athena::NamedQuery". Every change is a replacement. */
export function namedQueryResource(queries: NamedQueries): ResourceProvider<NamedQueryProperties> {
  return {
    type: 'AWS::Athena::NamedQuery',
    replaceOn: ['Name', 'Description', 'Database', 'QueryString', 'WorkGroup'],
    properties: ['Name', 'Description', 'Database', 'QueryString', 'WorkGroup'],
    async create(properties, scope) {
      const { id } = await queries.create({ ...properties, Name: properties.Name ?? scope.generateName(128) });
      return { physicalId: id, attributes: { NamedQueryId: id } };
    },
    update: async (_properties, _previous, state) => state,
    async delete({ physicalId }) {
      if (queries.find(physicalId) !== undefined) await queries.delete(physicalId);
    },
  };
}
