# against: code
# must: accepted
# problem: checked
# style: calls back
def each_half(number, function):
    function(number / 2)
    function(number - number / 2)
