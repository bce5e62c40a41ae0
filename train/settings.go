package train

import "encoding/json"

// Settings returns the settings of r as JSON, by their keys in its file, such as learning.rate.
func (r Recipe) Settings() (map[string]string, error) {
	var err error
	if r.Model, err = r.Model.WithDefaults(); err != nil {
		return nil, err
	}
	text, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	var sections map[string]json.RawMessage
	if err := json.Unmarshal(text, &sections); err != nil {
		return nil, err
	}
	all := map[string]string{}
	for name, section := range sections {
		var fields map[string]json.RawMessage
		if json.Unmarshal(section, &fields) != nil { // it is a setting itself
			all[name] = string(section)
		}
		for field, value := range fields {
			all[name+"."+field] = string(value)
		}
	}
	return all, nil
}
