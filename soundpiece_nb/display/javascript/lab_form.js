// The lab's form, built from the description of the routes, so that a new route changes nothing here.

// Milliseconds within which a second Enter is the same press: the usual time of a double click.
const ONE_PRESS = 500;

class Form {
  constructor(view, send) {
    this.id = view.id;
    this.routes = view.form.routes;
    this.send = send;
    this.kept = {};
    this.route = element(
      "select",
      { id: `${this.id}-route` },
      ...this.routes.map((route) => element("option", { value: route.path }, route.title)),
    );
    this.name = element("input", {
      id: `${this.id}-name`,
      placeholder: "optional: the handle's variable",
      spellcheck: "false",
    });
    this.names = element(
      "datalist",
      { id: `${this.id}-names` },
      ...view.form.names.map((name) => element("option", { value: name })),
    );
    this.summary = element("p", { class: "soundpiece-hint" });
    this.fields = element("div");
    this.state = element("p", { role: "status", class: "soundpiece-hint" });
    this.cell = element("textarea", {
      readonly: true,
      hidden: true,
      rows: "6",
      "aria-label": "The cell that makes this",
    });
    const make = element("button", { type: "submit" }, "Make it");
    const copy = element("button", { type: "button" }, "Copy as cell");
    copy.addEventListener("click", () => this.ask("cell"));
    this.node = element(
      "form",
      { [OURS]: "form", class: "soundpiece-form", "aria-label": "Soundpiece lab", ...TYPING },
      this.line("Make a", this.route),
      this.summary,
      this.fields,
      this.line("NAME", this.name),
      this.names,
      element("div", { class: "soundpiece-buttons" }, make, copy),
      this.state,
      this.cell,
    );
    make.addEventListener("click", (event) => {
      if (event.detail > 1) event.preventDefault(); // the rest of what the browser counts as one
      this.clicked = event.detail > 0; // else it was a key
    });
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      this.press();
    });
    this.node.addEventListener("keydown", (event) => this.onKey(event));
    this.route.addEventListener("change", () => this.build());
    this.build();
  }

  build() {
    this.keep();
    const route = this.routes.find((each) => each.path === this.route.value);
    this.summary.textContent = route.either.length
      ? `${route.summary} Give a ${route.either.join(" or a ")}.`
      : route.summary;
    this.inputs = new Map();
    this.fields.replaceChildren(
      ...route.fields.map((field) => {
        const input = this.input(field, route);
        this.inputs.set(field.name, input);
        return this.line(field.label, input, field);
      }),
    );
  }

  keep() {
    for (const [name, input] of this.inputs || []) {
      this.kept[name] = input.type === "checkbox" ? input.checked : input.value;
    }
  }

  input(field, route) {
    const attributes = { id: `${this.id}-${field.name}`, title: field.help };
    if (field.required && !route.either.includes(field.name)) attributes.required = true;
    const kept = this.kept[field.name];
    if (field.kind === "flag") return element("input", { ...attributes, type: "checkbox", checked: Boolean(kept) });
    if (field.kind === "text") {
      attributes.rows = field.body ? "7" : "2";
      attributes.dir = "auto";
    } else if (field.kind === "link") {
      Object.assign(attributes, { list: `${this.id}-names`, placeholder: "NAME, key or https URL" });
    } else {
      Object.assign(attributes, { type: "number", min: "0", step: field.kind === "count" ? "1" : "any" });
      if (field.kind === "count" && field.most) Object.assign(attributes, { min: "1", max: String(field.most) });
    }
    const made = element(field.kind === "text" ? "textarea" : "input", attributes);
    if (kept) made.value = kept;
    return made;
  }

  line(words, input, field) {
    const label = element("label", { for: input.id }, words);
    const parts = [label, input];
    if (field?.sections?.length) parts.splice(1, 0, this.sections(field, input));
    if (field?.kind === "text" && field.most) parts.push(this.counter(field, input));
    const row = input.type === "checkbox" ? " soundpiece-flag" : "";
    return element("div", { class: `soundpiece-line${row}` }, ...parts);
  }

  sections(field, input) {
    const buttons = field.sections.map((section) => {
      const button = element("button", { type: "button" }, section);
      button.addEventListener("click", () => insertSection(input, section));
      return button;
    });
    const words = { role: "group", "aria-label": "Begin a section", class: "soundpiece-sections" };
    return element("div", words, ...buttons);
  }

  counter(field, input) {
    const counter = element("span", { class: "soundpiece-hint soundpiece-counter" });
    const count = () => (counter.textContent = `${[...input.value].length} of ${field.most} characters`);
    input.addEventListener("input", count);
    count();
    return counter;
  }

  // A held key is one press.
  onKey(event) {
    if (event.key !== "Enter") return;
    const sends = event.ctrlKey || event.metaKey;
    if (event.target.tagName === "TEXTAREA" && !sends) return;
    if (sends || event.repeat) event.preventDefault();
    if (sends && !event.repeat) this.node.requestSubmit();
  }

  // Asks for one operation of one intention, whose key it makes. A second Enter is the same one, and
  // so is a press of the same form while none was answered; after an answer it is another take.
  press() {
    const asked = this.asked();
    const now = performance.now();
    const same = this.pressed && JSON.stringify(asked) === JSON.stringify(this.pressed.asked);
    const again = same && !this.clicked && now - this.pressed.at < ONE_PRESS;
    this.clicked = false;
    if (!same || (this.pressed.answered && !again)) this.pressed = { asked, key: newKey() };
    this.pressed.at = now;
    if (again) return;
    this.state.textContent = "Sending …";
    this.send({ do: "make", key: this.pressed.key, ...asked });
  }

  ask(word) {
    this.state.textContent = "";
    this.send({ do: word, ...this.asked() });
  }

  asked() {
    this.keep();
    const fields = Object.fromEntries([...this.inputs.keys()].map((name) => [name, this.kept[name]]));
    return { form: this.id, route: this.route.value, fields, name: this.name.value };
  }

  hear(message) {
    if (message.say === "made") {
      if (message.key !== this.pressed?.key) return; // pressed in another view of this notebook
      if (this.name.value === this.pressed.asked.name) this.name.value = "";
      this.pressed.asked.name = "";
      this.pressed.answered = true;
      this.state.textContent = message.words;
      return;
    }
    this.cell.hidden = false;
    this.cell.value = message.text;
    this.cell.rows = Math.min(14, message.text.split("\n").length + 1);
    navigator.clipboard?.writeText(message.text).then(
      () => (this.state.textContent = "The cell is on the clipboard."),
      () => (this.state.textContent = "Copy the cell below."),
    );
  }

  refuse(words) {
    this.state.textContent = words;
  }
}

// A random UUID. `crypto.randomUUID` is missing where a page comes without https.
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40; // version 4, and the variant of RFC 9562
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function insertSection(input, section) {
  const before = input.value.slice(0, input.selectionStart);
  const after = input.value.slice(input.selectionEnd);
  const gap = before === "" || before.endsWith("\n") ? "" : "\n";
  const text = `${gap}[${section}]\n`;
  input.value = before + text + after;
  input.focus();
  input.setSelectionRange(before.length + text.length, before.length + text.length);
  input.dispatchEvent(new Event("input"));
}
