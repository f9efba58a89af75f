import { z } from 'zod';
import { fieldNames, type FieldName as Name } from './field-catalogue.js';

// Apart from the catalogue, which threads load that check no input: zod would be most of their start.
export * from './field-catalogue.js';
export type FieldName = Name;
export const FieldName = z.enum(fieldNames as [FieldName, ...FieldName[]]);
