const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/**
 * What a chat template may say. Anything else blocks: a template is a program that the serving
 * library runs.
 */
export const STATEMENTS = words(
  'if elif else endif for endfor set endset macro endmacro generation endgeneration break continue filter endfilter call endcall',
);
export const FUNCTIONS = words('range dict namespace raise_exception strftime_now');
/**
 * methods of texts, lists and dicts that only give another value; `format` is not among them: it
 * reads attributes
 */
export const METHODS = words(`
  strip lstrip rstrip split rsplit splitlines join startswith endswith replace lower upper title capitalize find rfind index count isdigit isalpha isspace isupper
  islower removeprefix removesuffix items keys values get append pop insert extend copy update partition rpartition zfill
`);
export const FILTERS = words(`
  abs batch capitalize center count d default dictsort e escape filesizeformat first float forceescape from_json fromjson groupby indent int items join last length list lower map max
  min reject rejectattr replace reverse round safe select selectattr slice sort string striptags sum title tojson trim truncate unique upper urlencode wordcount
`);
export const TESTS = words(
  'defined undefined none None string mapping iterable sequence number integer float boolean true false equalto eq ne gt lt ge le in odd even divisibleby sameas lower upper',
);
/** filters that read an attribute by its name */
export const READING_FILTERS = words(
  'map select selectattr reject rejectattr groupby sort unique sum min max',
);
export const KEYWORDS = words(
  'if else elif for in is not and or recursive True False None true false none with without context as set macro filter call ignore missing',
);
/** the inside of Python's frames, generators and functions */
export const INSIDES = /^(_|gi_|cr_|ag_|f_|tb_|co_|func_|im_|mro$)/;
