import type { DatabaseInput } from '@aws-sdk/client-glue';
import { NotImplementedError } from '../../../core/errors.ts';
import type { ResourceProvider } from '../../../core/resources.ts';
import type { Catalog } from '../catalog.ts';
import { MAX_NAME } from '../limits.ts';
import { checkCatalog } from '../permissions.ts';
import { readDatabase } from '../read-input.ts';
import { typedProperties } from './typed-properties.ts';

interface DatabaseProperties {
  readonly CatalogId: string;
  readonly DatabaseInput: Partial<DatabaseInput>;
  readonly DatabaseName?: string;
}

/** CloudFormation template reference, "AWS::Glue::Database". */
export function databaseResource(catalog: Catalog): ResourceProvider<DatabaseProperties> {
  return {
    type: 'AWS::Glue::Database',
    replaceOn: ['CatalogId', 'DatabaseName'],
    properties: ['CatalogId', 'DatabaseInput', 'DatabaseName'],
    async create(properties, scope) {
      checkCatalog(catalog, properties.CatalogId);
      const input = typedProperties<Partial<DatabaseInput>>(properties.DatabaseInput);
      const Name = properties.DatabaseName ?? input.Name ?? scope.generateName(MAX_NAME, { lowercase: true });
      const { name } = await catalog.createDatabase(readDatabase({ ...input, Name }));
      return { physicalId: name, attributes: {} };
    },
    async update(properties, _previous, state) {
      const input = typedProperties<Partial<DatabaseInput>>(properties.DatabaseInput);
      const settings = readDatabase({ ...input, Name: properties.DatabaseName ?? input.Name ?? state.physicalId });
      if (settings.name !== state.physicalId) throw new NotImplementedError('Glue: renaming a database of a stack');
      await catalog.updateDatabase(catalog.database(state.physicalId), settings);
      return state;
    },
    async delete(state) {
      const database = catalog.findDatabase(state.physicalId);
      if (database !== undefined) await catalog.deleteDatabase(database);
    },
  };
}
