/** `Value` with nothing in it that can be written to. */
export type DeepReadonly<Value> = unknown extends Value
  ? Value
  : Value extends string | number | boolean | null | undefined
    ? Value
    : { readonly [Name in keyof Value]: DeepReadonly<Value[Name]> };
