import type { ProcessingConfiguration, Processor } from '@aws-sdk/client-firehose';
import { AwsError, NotImplementedError } from '../../core/errors.ts';
import { compileKeyQueries } from './metadata-extraction.ts';

/** What is done to records before they are delivered, as it is kept. */
export interface Processing {
  /** Put behind each record; undefined for nothing. */
  readonly delimiter?: string | undefined;
  /** Query of the partitioning keys. */
  readonly keyQuery?: string | undefined;
  /** Several JSON documents in a record are taken apart. */
  readonly splitsJson: boolean;
}

export const NO_PROCESSING: Processing = { splitsJson: false };

/** @throws AwsError `InvalidArgumentException`, `NotImplemented` for processors that are not built */
export function readProcessing(configuration: ProcessingConfiguration): Processing {
  if (configuration.Enabled !== true) return NO_PROCESSING;
  let processing = NO_PROCESSING;
  for (const processor of configuration.Processors ?? []) processing = { ...processing, ...readProcessor(processor) };
  return processing;
}

function readProcessor({ Type: type, Parameters: parameters = [] }: Processor): Partial<Processing> {
  const given = new Map(parameters.map(({ ParameterName, ParameterValue }) => [String(ParameterName), ParameterValue]));
  const only = (...names: string[]) => {
    const other = [...given.keys()].find((name) => !names.includes(name));
    if (other !== undefined) throw invalid(`Parameter '${other}' does not belong to the processor ${type}`);
  };
  switch (type) {
    case 'AppendDelimiterToRecord':
      only('Delimiter');
      // The parameter spells the newline as a backslash and an n.
      return { delimiter: (given.get('Delimiter') ?? '\\n').replaceAll('\\n', '\n') };
    case 'MetadataExtraction': {
      only('MetadataExtractionQuery', 'JsonParsingEngine');
      const keyQuery = given.get('MetadataExtractionQuery');
      if (keyQuery === undefined) throw invalid('MetadataExtraction must have the parameter MetadataExtractionQuery');
      if (given.get('JsonParsingEngine') !== 'JQ-1.6') throw invalid("JsonParsingEngine must be 'JQ-1.6'");
      compileKeyQueries(keyQuery);
      return { keyQuery };
    }
    case 'RecordDeAggregation':
      only('SubRecordType', 'Delimiter');
      if (given.get('SubRecordType') !== 'JSON') {
        throw new NotImplementedError(`Firehose RecordDeAggregation of SubRecordType '${given.get('SubRecordType')}'`);
      }
      return { splitsJson: true };
    default:
      throw new NotImplementedError(`Firehose processor '${type}'`);
  }
}

export function describeProcessing({ delimiter, keyQuery, splitsJson }: Processing): ProcessingConfiguration {
  const processors: Processor[] = [];
  if (splitsJson) {
    processors.push({
      Type: 'RecordDeAggregation',
      Parameters: [{ ParameterName: 'SubRecordType', ParameterValue: 'JSON' }],
    });
  }
  if (keyQuery !== undefined) {
    processors.push({
      Type: 'MetadataExtraction',
      Parameters: [
        { ParameterName: 'MetadataExtractionQuery', ParameterValue: keyQuery },
        { ParameterName: 'JsonParsingEngine', ParameterValue: 'JQ-1.6' },
      ],
    });
  }
  if (delimiter !== undefined) {
    processors.push({
      Type: 'AppendDelimiterToRecord',
      Parameters: [{ ParameterName: 'Delimiter', ParameterValue: delimiter.replaceAll('\n', '\\n') }],
    });
  }
  return { Enabled: processors.length > 0, Processors: processors };
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidArgumentException', message);
}
