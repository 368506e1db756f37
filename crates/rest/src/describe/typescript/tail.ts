
type Served = Omit<Database, "__InternalSupabase">
type DefaultSchema = Served[Extract<keyof Served, "public">]

// The schema that is named, or the default one.
type Chosen<Options> = Options extends { schema: infer S extends keyof Served }
  ? Served[S]
  : DefaultSchema

type Readable<S> = S extends { Tables: infer T; Views: infer V } ? T & V : never
type Writable<S> = S extends { Tables: infer T } ? T : never
type Labelled<S> = S extends { Enums: infer E } ? E : never
type Composed<S> = S extends { CompositeTypes: infer C } ? C : never

// What is meant: the first argument, or the second one in the schema that the first one names.
type Meant<Options, Name> = Options extends { schema: keyof Served } ? Name : Options
type NamedIn<Options, All> = Options extends { schema: keyof Served } ? keyof All : never
type Picked<All, Key, Part extends string> = Key extends keyof All
  ? All[Key] extends { [P in Part]: infer Found }
    ? Found
    : never
  : never

export type Tables<
  Options extends keyof Readable<DefaultSchema> | { schema: keyof Served },
  Name extends NamedIn<Options, Readable<Chosen<Options>>> = never,
> = Picked<Readable<Chosen<Options>>, Meant<Options, Name>, "Row">

export type TablesInsert<
  Options extends keyof Writable<DefaultSchema> | { schema: keyof Served },
  Name extends NamedIn<Options, Writable<Chosen<Options>>> = never,
> = Picked<Writable<Chosen<Options>>, Meant<Options, Name>, "Insert">

export type TablesUpdate<
  Options extends keyof Writable<DefaultSchema> | { schema: keyof Served },
  Name extends NamedIn<Options, Writable<Chosen<Options>>> = never,
> = Picked<Writable<Chosen<Options>>, Meant<Options, Name>, "Update">

export type Enums<
  Options extends keyof Labelled<DefaultSchema> | { schema: keyof Served },
  Name extends NamedIn<Options, Labelled<Chosen<Options>>> = never,
> = Meant<Options, Name> extends infer Key extends keyof Labelled<Chosen<Options>>
  ? Labelled<Chosen<Options>>[Key]
  : never

export type CompositeTypes<
  Options extends keyof Composed<DefaultSchema> | { schema: keyof Served },
  Name extends NamedIn<Options, Composed<Chosen<Options>>> = never,
> = Meant<Options, Name> extends infer Key extends keyof Composed<Chosen<Options>>
  ? Composed<Chosen<Options>>[Key]
  : never
