import type { TableInput } from '@aws-sdk/client-glue';
import { NotImplementedError } from '../../../core/errors.ts';
import type { ResourceProvider } from '../../../core/resources.ts';
import type { Catalog } from '../catalog.ts';
import { MAX_NAME } from '../limits.ts';
import { checkCatalog } from '../permissions.ts';
import { readTable } from '../read-input.ts';
import { typedProperties } from './typed-properties.ts';

interface TableProperties {
  readonly CatalogId: string;
  readonly DatabaseName: string;
  readonly Name?: string;
  readonly TableInput: Partial<TableInput>;
}

/** CloudFormation template reference, "AWS::Glue::Table". */
export function tableResource(catalog: Catalog): ResourceProvider<TableProperties> {
  return {
    type: 'AWS::Glue::Table',
    replaceOn: ['CatalogId', 'DatabaseName', 'Name'],
    properties: ['CatalogId', 'DatabaseName', 'Name', 'TableInput'],
    async create(properties, scope) {
      checkCatalog(catalog, properties.CatalogId);
      const input = typedProperties<Partial<TableInput>>(properties.TableInput);
      const Name = properties.Name ?? input.Name ?? scope.generateName(MAX_NAME, { lowercase: true });
      const settings = readTable({ ...input, Name });
      const { name } = await catalog.createTable(properties.DatabaseName, settings, scope.stackId);
      return { physicalId: name, attributes: {} };
    },
    async update(properties, _previous, state) {
      const input = typedProperties<Partial<TableInput>>(properties.TableInput);
      const settings = readTable({ ...input, Name: properties.Name ?? input.Name ?? state.physicalId });
      if (settings.name !== state.physicalId) throw new NotImplementedError('Glue: renaming a table of a stack');
      await catalog.updateTable(catalog.table(properties.DatabaseName, state.physicalId), settings);
      return state;
    },
    async delete(state, properties) {
      const table = catalog.findTable(properties.DatabaseName, state.physicalId);
      if (table !== undefined) await catalog.deleteTable(table);
    },
  };
}
