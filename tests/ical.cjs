// Reads a list of calendars as JSON, says what ical.js finds in each: node ical.cjs LIBRARY < calendars
const ICAL = require(process.argv[2]);
const { readFileSync } = require("node:fs");

const text = (component, name) => component.getFirstPropertyValue(name)?.toString() ?? null;
const utc = (time) => time?.toJSDate().toISOString().replace(".000Z", "Z") ?? null;

const event = (component) => ({
  uid: text(component, "uid"),
  sequence: component.getFirstPropertyValue("sequence"),
  summary: text(component, "summary"),
  description: text(component, "description"),
  location: text(component, "location"),
  status: text(component, "status"),
  organizer: text(component, "organizer"),
  attendees: component.getAllProperties("attendee").map((each) => each.getFirstValue()),
  start: utc(component.getFirstPropertyValue("dtstart")),
  end: utc(component.getFirstPropertyValue("dtend")),
});

const period = (property) => ({
  kind: property.getParameter("fbtype"),
  start: utc(property.getFirstValue().start),
  end: utc(property.getFirstValue().getEnd()),
});

const calendar = (source) => {
  const root = new ICAL.Component(ICAL.parse(source));
  return {
    method: text(root, "method"),
    name: text(root, "name"),
    components: root.getAllSubcomponents().map((each) => each.name),
    events: root.getAllSubcomponents("vevent").map(event),
    busy: root.getAllSubcomponents("vfreebusy").flatMap((each) => each.getAllProperties("freebusy").map(period)),
  };
};

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(calendar)));
