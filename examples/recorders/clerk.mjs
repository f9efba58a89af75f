/**
 * A desk clerk made of rules. It is a script and not a model: the first rule whose pattern fits the question
 * says which tools to call and how to put their results into words. The same questions always get the same
 * transcript, tool results included.
 */
export class Clerk {
  #rules;
  #tools;
  #calls = 0;
  messages;

  constructor({ system, rules, tools }) {
    this.#rules = rules;
    this.#tools = tools;
    this.messages = [{ role: 'system', content: system }];
  }

  async ask(question) {
    this.messages.push({ role: 'user', content: question });
    const { rule, groups } = this.#ruleFor(question);
    const results = [];
    // A step is a set of calls made at once; a later step may use what an earlier one found.
    for (const step of rule.steps ?? []) {
      const calls = step(groups, results).map(([name, args]) => this.#call(name, args));
      this.messages.push({ role: 'assistant', content: null, tool_calls: calls });
      for (const call of calls) results.push(await this.#run(call));
    }
    const reasoning = rule.reasoning?.(groups, results);
    this.messages.push({
      role: 'assistant',
      content: rule.answer(groups, results),
      ...(reasoning === undefined ? {} : { reasoning_content: reasoning }),
    });
  }

  #ruleFor(question) {
    for (const rule of this.#rules) {
      const match = rule.fits.exec(question);
      if (match) return { rule, groups: match.groups ?? {} };
    }
    return { rule: { answer: () => 'I do not know that one. Please ask Pim at the desk.' }, groups: {} };
  }

  #call(name, args) {
    const id = `call_${String(++this.#calls).padStart(4, '0')}`;
    return { id, type: 'function', function: { name, arguments: JSON.stringify(args) } };
  }

  async #run(call) {
    const result = await this.#result(call);
    this.messages.push({ role: 'tool', tool_call_id: call.id, content: JSON.stringify(result) });
    return result;
  }

  async #result({ function: { name, arguments: text } }) {
    try {
      return await this.#tools[name](JSON.parse(text));
    } catch (error) {
      return { error: error.message };
    }
  }
}
