import * as z from 'zod';
import { NAMED_SHADOWS } from '../shadows.ts';
import { plainMeasureSchema } from './alert-rules.ts';

/** A value that a device is told, or that surrounds it. Settings may lie deeper: `pump.speed`. */
const settingPath = z
  .string()
  .regex(/^[a-zA-Z][a-zA-Z0-9_]*(\.[a-zA-Z][a-zA-Z0-9_]*){0,5}$/, 'must be names joined by dots')
  .max(128)
  .refine((name) => !(name in {}), 'is a name that every object has');

const unit = z.string().max(16).optional();

/** `(of / reference) ^ power`; a ratio below 0 counts as 0 when the power is not whole. */
const factorSchema = z.strictObject({
  of: settingPath,
  reference: z
    .number()
    .refine((value) => value !== 0, 'must not be 0')
    .default(1),
  power: z.number().min(-8).max(8).default(1),
});

/** `gain` times the product of the factors. */
const termSchema = z.strictObject({ gain: z.number(), factors: z.array(factorSchema).min(1).max(8) });

const settingSchema = z.strictObject({
  unit,
  /** What a device runs with that reports nothing else. */
  default: z.number(),
  /** A device refuses what is outside. */
  min: z.number().optional(),
  max: z.number().optional(),
  /** From the order to its effect and its report, in seconds. */
  applySeconds: z.number().min(0).max(86_400).default(0),
});

const modelMeasureSchema = z.strictObject({
  unit,
  /** Where the measure settles: `base` and the sum of the terms. */
  base: z.number().default(0),
  terms: z.array(termSchema).max(16).default([]),
  /** Time constant of the way there, in seconds; 0: at once. */
  lagSeconds: z.number().min(0).max(604_800).default(0),
  /** What wear adds in an hour. */
  driftPerHour: z.number().default(0),
  /** What the device is built for. */
  limits: z.strictObject({ min: z.number().optional(), max: z.number().optional() }).prefault({}),
});

/**
 * How devices of a type answer to their settings: each measure goes, at its own pace, to where settings, surroundings
 * and other measures hold it. Enough for pumps, tanks, heaters and rooms; it says nothing of what it does not name.
 */
export const deviceModelSchema = z
  .strictObject({
    /** Shadow that holds the settings. */
    shadow: z.enum(NAMED_SHADOWS).default('config'),
    settings: z.record(settingPath, settingSchema),
    /** What surrounds the device and is not measured, with its usual value. */
    conditions: z.record(settingPath, z.strictObject({ unit, value: z.number() })).default({}),
    measures: z.record(plainMeasureSchema, modelMeasureSchema),
  })
  .superRefine((model, context) => {
    const issue = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message });
    const names = [model.settings, model.conditions, model.measures].flatMap((part) => Object.keys(part));
    for (const name of names.filter((known, at) => names.indexOf(known) !== at)) {
      issue([], `must not use the name ${name} twice`);
    }
    for (const [name, { default: value, min, max }] of Object.entries(model.settings)) {
      if (value < (min ?? value) || value > (max ?? value)) {
        issue(['settings', name, 'default'], 'must be within min and max');
      }
    }
    for (const [name, { terms }] of Object.entries(model.measures)) {
      terms.forEach(({ factors }, term) => {
        factors.forEach(({ of }, factor) => {
          if (!names.includes(of)) {
            issue(['measures', name, 'terms', term, 'factors', factor, 'of'], 'is no name of the model');
          }
        });
      });
    }
    const circle = immediateCircle(model.measures);
    if (circle !== undefined) {
      issue(['measures', circle], 'depends on itself at once: a measure of the circle needs lagSeconds');
    }
  });

export type DeviceModel = z.infer<typeof deviceModelSchema>;
export type ModelMeasure = z.infer<typeof modelMeasureSchema>;

/** Measures without lag, each after those that it depends on. */
export function immediateOrder(measures: Readonly<Record<string, ModelMeasure>>): string[] {
  const order: string[] = [];
  visitAll(measures, (name) => order.push(name));
  return order;
}

function immediateCircle(measures: Readonly<Record<string, ModelMeasure>>): string | undefined {
  return visitAll(measures, () => {});
}

/** @returns a measure of a circle, if there is one */
function visitAll(measures: Readonly<Record<string, ModelMeasure>>, leave: (name: string) => void): string | undefined {
  const under = new Set<string>();
  const done = new Set<string>();
  const visit = (name: string): string | undefined => {
    const measure = Object.hasOwn(measures, name) ? measures[name] : undefined;
    if (measure === undefined || measure.lagSeconds > 0 || done.has(name)) return undefined;
    if (under.has(name)) return name;
    under.add(name);
    for (const { factors } of measure.terms) {
      for (const { of } of factors) {
        const circle = visit(of);
        if (circle !== undefined) return circle;
      }
    }
    done.add(name);
    leave(name);
    return undefined;
  };
  for (const name of Object.keys(measures)) {
    const circle = visit(name);
    if (circle !== undefined) return circle;
  }
  return undefined;
}
