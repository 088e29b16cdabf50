import * as iam from '@aws-sdk/client-iam';
import * as s3 from '@aws-sdk/client-s3';
import * as sqs from '@aws-sdk/client-sqs';
import * as write from '@aws-sdk/client-timestream-write';
import { NormalizedSchema } from '@smithy/core/schema';
import { jsonReader } from './json-reader.ts';
import { jsonWriter } from './json-writer.ts';
import { readQuery } from './query-reader.ts';
import { ShapeError } from './shape-error.ts';
import { parseXml } from './xml-parser.ts';
import { readXml } from './xml-reader.ts';
import { xmlElement } from './xml-writer.ts';

const of = (schema: unknown) => NormalizedSchema.of(schema as Parameters<typeof NormalizedSchema.of>[0]);

function placeOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof ShapeError) return error.describe();
    throw error;
  }
  return 'read';
}

describe('JSON', () => {
  const records = of(write.WriteRecordsRequest$);
  const read = (value: unknown) => jsonReader(records)(value);

  test('nulls count as absent, and absence of a required member is noted at any depth', () => {
    expect(read({ DatabaseName: 'd', TableName: 't', Records: [], CommonAttributes: null })).toEqual({
      value: { DatabaseName: 'd', TableName: 't', Records: [] },
      missing: false,
    });
    expect(read({ DatabaseName: 'd', TableName: 't', Records: [{ Dimensions: [{ Name: 'n' }] }] }).missing).toBe(true);
  });

  test.each([
    [{ Records: {} }, 'STRUCTURE_VALUE can not be converted to a List at Records'],
    [{ Records: [{ Time: 5 }] }, 'NUMBER_VALUE can not be converted to a String at Records[0].Time'],
    [{ Records: [null] }, 'NULL_VALUE can not be converted to a Record at Records[0]'],
    [{ Records: [{}, { Version: '1' }] }, 'STRING_VALUE can not be converted to a Number at Records[1].Version'],
    [{ Records: [{ Speed: 1 }] }, "Record has no member 'Speed' at Records[0]"],
    [[], 'LIST_VALUE can not be converted to a WriteRecordsRequest'],
  ])('%j is refused with its place', (value, message) => {
    expect(placeOf(() => read(value))).toBe(message);
  });

  test('bytes are base64 and nothing else, and no key of a map reaches the prototype', () => {
    const send = jsonReader(of(sqs.SendMessageRequest$));
    const attributes = (text: string) => ({ MessageAttributes: { a: { DataType: 'Binary', BinaryValue: text } } });
    expect(placeOf(() => send(attributes('AQI=')))).toBe('read');
    expect(placeOf(() => send(attributes('A Q I')))).toBe(
      'the value is not valid base64 at MessageAttributes.a.BinaryValue',
    );
    expect(placeOf(() => send(JSON.parse('{"MessageAttributes":{"__proto__":{}}}')))).toContain('__proto__');
  });

  test('a handler that gives another type than the schema is a fault with its place', () => {
    const writer = jsonWriter(of(write.DescribeDatabaseResponse$));
    expect(writer({ Database: { TableCount: 1, CreationTime: new Date(1500), Extra: 'left out' } })).toEqual({
      Database: { TableCount: 1, CreationTime: 1.5 },
    });
    expect(placeOf(() => writer({ Database: { DatabaseName: 7 } }))).toBe(
      'a handler gave number for a string at Database.DatabaseName',
    );
  });
});

describe('forms', () => {
  const read = (form: Record<string, string>) => readQuery(of(iam.CreateRoleRequest$), Object.entries(form));

  test('lists are numbered, and an empty one is sent as its name', () => {
    const form = {
      RoleName: 'r',
      AssumeRolePolicyDocument: '{}',
      MaxSessionDuration: '3600',
      'Tags.member.2.Key': 'b',
      'Tags.member.2.Value': '2',
      'Tags.member.1.Key': 'a',
      'Tags.member.1.Value': '1',
    };
    expect(read(form).value).toEqual({
      RoleName: 'r',
      AssumeRolePolicyDocument: '{}',
      MaxSessionDuration: 3600,
      Tags: [
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: '2' },
      ],
    });
    expect(read({ RoleName: 'r', AssumeRolePolicyDocument: '{}', Tags: '' })).toEqual({
      value: { RoleName: 'r', AssumeRolePolicyDocument: '{}', Tags: [] },
      missing: false,
    });
  });

  test.each([
    [{ Role: 'r' }, 'unknown parameter Role'],
    [{ 'Tags.entry.1.Key': 'a' }, 'unknown parameter entry at Tags'],
    [{ 'Tags.member.0.Key': 'a' }, "'0' is not a position in a list at Tags"],
    [{ 'Tags.member.1.Colour': 'a' }, 'unknown parameter Colour at Tags[0]'],
    [{ MaxSessionDuration: 'long' }, "'long' is not a number at MaxSessionDuration"],
    [{ 'RoleName.1': 'r' }, 'unknown parameter 1 at RoleName'],
  ])('%j is refused with its place', (form: Record<string, string>, message) => {
    expect(placeOf(() => read(form))).toBe(message);
  });
});

describe('XML', () => {
  test('what the writer writes, the reader reads', () => {
    const value = { Objects: [{ Key: 'a & <b>' }, { Key: '"c"\r', VersionId: 'v' }], Quiet: false };
    const text = xmlElement('Delete', of(s3.Delete$), value, 'http://s3.amazonaws.com/doc/2006-03-01/');
    expect(text).toBe(
      '<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Object><Key>a &amp; &lt;b&gt;</Key></Object><Object><Key>&quot;c&quot;&#xD;</Key><VersionId>v</VersionId></Object><Quiet>false</Quiet></Delete>',
    );
    expect(readXml(of(s3.Delete$), parseXml(text))).toEqual({ value, missing: false });
  });

  test.each([
    ['<Delete><Object><Key>a</Key></Object><Loud>true</Loud></Delete>', 'unknown element Loud'],
    ['<Delete><Object><Key>a</Key><Size>x</Size></Object></Delete>', "'x' is not a number at Objects[0].Size"],
    ['<Delete><Quiet>true</Quiet><Quiet>true</Quiet></Delete>', 'the element is repeated at Quiet'],
    ['<Delete><Quiet>yes</Quiet></Delete>', "'yes' is not true or false at Quiet"],
  ])('%s is refused with its place', (text, message) => {
    expect(placeOf(() => readXml(of(s3.Delete$), parseXml(text)))).toContain(message);
  });
});
