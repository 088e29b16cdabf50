import type { Tag } from '@aws-sdk/client-timestream-write';
import { AwsError } from '../../../core/errors.ts';
import type { ResourceProvider, ResourceState } from '../../../core/resources.ts';
import type { Timestream } from '../timestream.ts';
import { replaceTags } from './resource-tags.ts';

interface DatabaseProperties {
  DatabaseName?: string;
  Tags?: Tag[];
}

/** AWS::Timestream::Database. `KmsKeyId` is not among its properties: keys of AWS KMS are not run locally. */
export function databaseResource(timestream: Timestream): ResourceProvider<DatabaseProperties> {
  const { catalog } = timestream;
  const state = (name: string): ResourceState => ({ physicalId: name, attributes: { Arn: catalog.databaseArn(name) } });
  return {
    type: 'AWS::Timestream::Database',
    replaceOn: ['DatabaseName'],
    properties: ['DatabaseName', 'Tags'],
    async create({ DatabaseName, Tags }, scope) {
      const input = { DatabaseName: DatabaseName ?? scope.generateName(64), ...(Tags === undefined ? {} : { Tags }) };
      return state((await timestream.createDatabase(input)).name);
    },
    async update({ Tags }, _previous, { physicalId }) {
      await replaceTags(timestream, catalog.databaseArn(physicalId), Tags);
      return state(physicalId);
    },
    async delete({ physicalId }) {
      try {
        await timestream.deleteDatabase(physicalId);
      } catch (error) {
        if (!(error instanceof AwsError && error.code === 'ResourceNotFoundException')) throw error;
      }
    },
  };
}
