import { ShapeError } from './shape-error.ts';

export interface XmlElement {
  /** Without namespace prefix. */
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** All text and CDATA right below this element. */
  readonly text: string;
}

const MAX_DEPTH = 64;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const NAME = /[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?/y;
const SPACE = /[ \t\r\n]*/y;

/**
 * XML as AWS clients send it: elements, attributes, text, CDATA, comments, the five named entities and character
 * references. A document type is refused, and with it every entity that could grow.
 *
 * @throws ShapeError
 */
export function parseXml(source: string): XmlElement {
  return new Parser(source).document();
}

class Parser {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source.replace(/^\uFEFF/, '');
  }

  document(): XmlElement {
    this.#skipMisc();
    const root = this.#element(0);
    this.#skipMisc();
    if (this.#at < this.#source.length) throw this.#fault('text after the document');
    return root;
  }

  #skipMisc(): void {
    for (;;) {
      this.#match(SPACE);
      if (this.#take('<?')) this.#until('?>');
      else if (this.#take('<!--')) this.#until('-->');
      else return;
    }
  }

  #element(depth: number): XmlElement {
    if (depth > MAX_DEPTH) throw this.#fault('elements nested too deeply');
    this.#expect('<');
    const qualified = this.#match(NAME);
    const attributes = this.#attributes();
    const name = localName(qualified);
    if (this.#take('/>')) return { name, attributes, children: [], text: '' };
    this.#expect('>');
    const children: XmlElement[] = [];
    let text = '';
    for (;;) {
      if (this.#take('</')) {
        if (this.#match(NAME) !== qualified) throw this.#fault(`element ${qualified} is not closed`);
        this.#match(SPACE);
        this.#expect('>');
        return { name, attributes, children, text };
      }
      if (this.#take('<![CDATA[')) text += this.#until(']]>');
      else if (this.#take('<!--')) this.#until('-->');
      else if (this.#take('<?')) this.#until('?>');
      else if (this.#source[this.#at] === '<') children.push(this.#element(depth + 1));
      else text += this.#text();
    }
  }

  #attributes(): Map<string, string> {
    const attributes = new Map<string, string>();
    for (;;) {
      const gap = this.#match(SPACE);
      const next = this.#source[this.#at];
      if (next === '>' || next === '/') return attributes;
      if (gap === '') throw this.#fault('malformed tag');
      const name = this.#match(NAME);
      this.#match(SPACE);
      this.#expect('=');
      this.#match(SPACE);
      const quote = this.#take('"') ? '"' : "'";
      if (quote === "'") this.#expect("'");
      attributes.set(localName(name), this.#decode(this.#until(quote)));
    }
  }

  #text(): string {
    const end = this.#source.indexOf('<', this.#at);
    if (end < 0) throw this.#fault('the document ends inside an element');
    const raw = this.#source.slice(this.#at, end);
    this.#at = end;
    return this.#decode(raw);
  }

  #decode(raw: string): string {
    if (!raw.includes('&')) return raw;
    return raw.replace(/&([^;&]{0,10});?/g, (reference, name: string) => {
      const text = reference.endsWith(';') ? referenced(name) : undefined;
      if (text === undefined) throw this.#fault(`unknown entity ${reference}`);
      return text;
    });
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source)?.[0];
    if (found === undefined) throw this.#fault('malformed tag');
    this.#at += found.length;
    return found;
  }

  #take(token: string): boolean {
    if (!this.#source.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  #expect(token: string): void {
    if (!this.#take(token)) throw this.#fault(`${token} expected`);
  }

  #until(token: string): string {
    const end = this.#source.indexOf(token, this.#at);
    if (end < 0) throw this.#fault(`${token} expected`);
    const text = this.#source.slice(this.#at, end);
    this.#at = end + token.length;
    return text;
  }

  #fault(what: string): ShapeError {
    return new ShapeError(`the XML is not well-formed: ${what} at character ${this.#at}`);
  }
}

function localName(qualified: string): string {
  return qualified.slice(qualified.indexOf(':') + 1);
}

function referenced(name: string): string | undefined {
  if (name.startsWith('#')) {
    const code = /^#x[0-9a-f]+$/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return Number.isInteger(code) && code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
  }
  return Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined;
}
