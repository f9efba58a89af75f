const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For text and for quoted values of HTML and SVG. */
export const escaped = (content: string) => content.replace(/[&<>"']/g, (one) => entities[one] as string);
