import { planRegistration, templateParameters } from './registration-plan.ts';
import { parseTemplate } from './template-document.ts';

// Developer guide, provision-template: "Intrinsic functions", "Mappings", "Device configuration", "Override settings".

const CERTIFICATE = 'c'.repeat(64);
const certificate = {
  Type: 'AWS::IoT::Certificate',
  Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' }, Status: 'Active' },
};

const Parameters = {
  SerialNumber: { Type: 'String' },
  DeviceLocation: { Type: 'String', Default: 'Seattle' },
  List: { Type: 'String', Default: 'a,b,c' },
};

const Mappings = { LocationTable: { Seattle: { LocationUrl: 'https://example.aws' } } };

function configure(DeviceConfiguration: object, given: Record<string, string> = { SerialNumber: '12' }) {
  const body = { Parameters, Mappings, Resources: { certificate }, DeviceConfiguration };
  const template = parseTemplate(JSON.stringify(body));
  const parameters = templateParameters(template, new Map(Object.entries(given)), CERTIFICATE);
  return planRegistration(template, parameters).deviceConfiguration;
}

const resolve = (value: unknown, given?: Record<string, string>) => configure({ value }, given).value;

describe('intrinsic functions', () => {
  test.each<[string, unknown, string]>([
    ['Ref', { Ref: 'SerialNumber' }, '12'],
    ['Ref of a default', { Ref: 'DeviceLocation' }, 'Seattle'],
    ['Ref of the certificate', { Ref: 'AWS::IoT::Certificate::Id' }, CERTIFICATE],
    ['Fn::Join', { 'Fn::Join': ['', ['ThingPrefix_', { Ref: 'SerialNumber' }]] }, 'ThingPrefix_12'],
    ['Fn::Join with a delimiter', { 'Fn::Join': ['/', ['a', 'b', 'c']] }, 'a/b/c'],
    ['Fn::Select', { 'Fn::Select': [1, ['a', 'b']] }, 'b'],
    ['Fn::Select by text', { 'Fn::Select': ['1', ['a', 'b']] }, 'b'],
    ['Fn::Split', { 'Fn::Select': [2, { 'Fn::Split': [',', { Ref: 'List' }] }] }, 'c'],
    ['Fn::Join of Fn::Split', { 'Fn::Join': ['-', { 'Fn::Split': [',', 'x,y'] }] }, 'x-y'],
    [
      'Fn::FindInMap',
      { 'Fn::FindInMap': ['LocationTable', { Ref: 'DeviceLocation' }, 'LocationUrl'] },
      'https://example.aws',
    ],
    ['Fn::Sub', { 'Fn::Sub': 'sn-${SerialNumber}-${DeviceLocation}' }, 'sn-12-Seattle'],
    ['Fn::Sub with values', { 'Fn::Sub': ['${a}-${SerialNumber}', { a: { Ref: 'List' } }] }, 'a,b,c-12'],
    ['Fn::Sub of a literal', { 'Fn::Sub': '${!SerialNumber}' }, '${SerialNumber}'],
    ['plain values', 'as it is', 'as it is'],
  ])('%s', (_title, value, expected) => {
    expect(resolve(value)).toBe(expected);
  });

  test.each<[string, unknown, RegExp]>([
    ['Fn::Select out of bounds', { 'Fn::Select': [5, ['a']] }, /nothing at index 5/],
    ['Fn::Select of null', { 'Fn::Select': [0, [null]] }, /nothing at index 0/],
    ['Fn::Select of no number', { 'Fn::Select': ['x', ['a']] }, /nothing at index x/],
    ['Fn::FindInMap of an unknown key', { 'Fn::FindInMap': ['LocationTable', 'Oslo', 'LocationUrl'] }, /Oslo/],
    ['Fn::FindInMap of a prototype key', { 'Fn::FindInMap': ['LocationTable', 'constructor', 'name'] }, /constructor/],
    ['Fn::Join of one argument', { 'Fn::Join': [['a']] }, /two arguments/],
    ['Fn::Join of what is no list', { 'Fn::Join': ['', 'a'] }, /needs a list/],
    ['Fn::Split into a value', { 'Fn::Split': [',', 'a,b'] }, /plain value/],
  ])('%s makes the registration fail', (_title, value, message) => {
    expect(() => resolve(value)).toThrow(message);
  });

  test('what a device sends is never a template', () => {
    expect(resolve({ 'Fn::Sub': '${SerialNumber}' }, { SerialNumber: '${List}' })).toBe('${List}');
  });
});

describe('a template is refused with', () => {
  const refuse = (body: unknown, message: RegExp): void => {
    expect(() => parseTemplate(typeof body === 'string' ? body : JSON.stringify(body))).toThrow(message);
  };
  const resources = (more: object) => ({ Parameters, Resources: { certificate, ...more } });
  const thing = (Properties: object, OverrideSettings?: object) =>
    resources({ thing: { Type: 'AWS::IoT::Thing', Properties, OverrideSettings } });
  const policy = (Properties: object) => resources({ policy: { Type: 'AWS::IoT::Policy', Properties } });

  test.each<[string, unknown, RegExp]>([
    ['no JSON', '{', /not valid JSON/],
    ['no resources', {}, /Resources must be an object/],
    ['an unknown section', { Resources: {}, Outputs: {} }, /unknown section Outputs/i],
    ['no certificate', { Resources: {} }, /exactly one certificate/i],
    ['an unknown resource type', resources({ x: { Type: 'AWS::IoT::Role' } }), /unknown type "AWS::IoT::Role"/],
    ['a resource type of the prototype', resources({ x: { Type: 'constructor' } }), /unknown type/],
    ['a thing without name', thing({}), /needs property ThingName/],
    ['an unknown property', thing({ ThingName: 't', Name: 't' }), /unknown property Name/],
    [
      'two things',
      resources({
        a: { Type: 'AWS::IoT::Thing', Properties: { ThingName: 't' } },
        b: { Type: 'AWS::IoT::Thing', Properties: { ThingName: 't' } },
      }),
      /only one thing/i,
    ],
    ['an unknown override', thing({ ThingName: 't' }, { ThingName: 'REPLACE' }), /override setting ThingName/],
    ['MERGE of a type', thing({ ThingName: 't' }, { ThingTypeName: 'MERGE' }), /override setting ThingTypeName/],
    ['a policy by name and document', policy({ PolicyName: 'p', PolicyDocument: {} }), /but not both/],
    ['a policy by neither', policy({}), /but not both/],
    [
      'a CSR, which fleet provisioning does not take',
      { Resources: { certificate: { ...certificate, Properties: { CertificateSigningRequest: 'x' } } } },
      /unknown property/,
    ],
    [
      'an undeclared reference',
      thing({ ThingName: { Ref: 'Nobody' } }),
      /Cannot resolve reference value: {Ref=Nobody}/,
    ],
    ['an undeclared substitution', thing({ ThingName: { 'Fn::Sub': '${Nobody}' } }), /{Ref=Nobody}/],
    ['an unknown function', thing({ ThingName: { 'Fn::GetAtt': ['a', 'b'] } }), /Fn::GetAtt is not known/],
    ['a function beside other members', thing({ ThingName: { Ref: 'SerialNumber', x: 1 } }), /only member/],
    ['an unknown mapping', thing({ ThingName: { 'Fn::FindInMap': ['None', 'a', 'b'] } }), /no mapping None/],
    ['a reference in a mapping', { ...resources({}), Mappings: { a: { b: { Ref: 'SerialNumber' } } } }, /plain value/],
    ['a parameter of another type', { ...resources({}), Parameters: { n: { Type: 'Number' } } }, /type String/],
    [
      'a default that is no text',
      { ...resources({}), Parameters: { n: { Type: 'String', Default: 1 } } },
      /must be a string/,
    ],
    ['nested device configuration', { ...resources({}), DeviceConfiguration: { a: { b: 'c' } } }, /nested JSON/],
  ])('%s', (_title, body, message) => refuse(body, message));

  test('the example of the guide is accepted', () => {
    const body = {
      ...thing(
        {
          AttributePayload: { version: 'v1', serialNumber: 'serialNumber' },
          ThingName: { Ref: 'SerialNumber' },
          ThingTypeName: { 'Fn::Join': ['', ['ThingPrefix_', { Ref: 'SerialNumber' }]] },
          ThingGroups: ['v1-lightbulbs', 'WA'],
        },
        { AttributePayload: 'MERGE', ThingTypeName: 'REPLACE', ThingGroups: 'DO_NOTHING' },
      ),
      Mappings,
      DeviceConfiguration: { FallbackUrl: 'https://www.example.com/test-site' },
    };
    const template = parseTemplate(JSON.stringify(body));
    const parameters = templateParameters(template, new Map([['SerialNumber', '12']]), CERTIFICATE);
    expect(planRegistration(template, parameters)).toEqual({
      thing: {
        name: '12',
        typeName: 'ThingPrefix_12',
        attributes: { version: 'v1', serialNumber: 'serialNumber' },
        groups: ['v1-lightbulbs', 'WA'],
        overrides: { attributes: 'MERGE', type: 'REPLACE', groups: 'DO_NOTHING' },
      },
      certificate: { status: 'ACTIVE', override: 'DO_NOTHING' },
      policies: [],
      deviceConfiguration: { FallbackUrl: 'https://www.example.com/test-site' },
    });
  });
});

test('a certificate other than the one of the token cannot be activated', () => {
  const Properties = { CertificateId: { Ref: 'SerialNumber' } };
  const template = parseTemplate(
    JSON.stringify({ Parameters, Resources: { certificate: { ...certificate, Properties } } }),
  );
  const parameters = templateParameters(template, new Map([['SerialNumber', 'd'.repeat(64)]]), CERTIFICATE);
  expect(() => planRegistration(template, parameters)).toThrow(/not the certificate of the ownership token/);
});
